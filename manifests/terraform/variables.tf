variable "kubeconfig" {
  description = "Path of the kubeconfig of the cluster."
  type        = string
}

variable "charts" {
  description = "Folder with the charts voteapp and voteapp-poll."
  type        = string
  default     = "../../charts"
}

variable "image_registry" {
  description = "Registry, with a path if need be, that has every image."
  type        = string
}

variable "domain" {
  description = "Domain of the hosts: the poll is at vote.DOMAIN, its results at results.DOMAIN."
  type        = string
}

variable "cluster_issuer" {
  description = "ClusterIssuer of cert-manager that makes the certificates."
  type        = string
  default     = "letsencrypt"
}

variable "database" {
  description = "MySQL or MariaDB that somebody runs for this poll alone, such as a managed one of the cloud."
  type = object({
    host = string
    port = number
    name = string
    user = string
  })
}

variable "database_password" {
  description = "Password of the database."
  type        = string
  sensitive   = true
}

variable "database_ca" {
  description = "Authority of the database's certificate, PEM."
  type        = string
}

variable "database_cidr" {
  description = "Addresses of the database, which the poll's pods may connect to."
  type        = string
}
