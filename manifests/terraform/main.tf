provider "helm" {
  kubernetes = {
    config_path = var.kubeconfig
  }
}

resource "helm_release" "operator" {
  name             = "voteapp"
  namespace        = "voteapp-system"
  create_namespace = true
  chart            = "${var.charts}/voteapp"
  wait             = true

  values = [templatefile("${path.module}/operator.yaml.tftpl", {
    image_registry = var.image_registry
  })]
}

resource "helm_release" "poll" {
  name             = "voteapp"
  namespace        = "polls"
  create_namespace = true
  chart            = "${var.charts}/voteapp-poll"

  values = [templatefile("${path.module}/poll.yaml.tftpl", {
    domain         = var.domain
    cluster_issuer = var.cluster_issuer
    database_host  = var.database.host
    database_port  = var.database.port
    database_name  = var.database.name
    database_user  = var.database.user
    database_ca    = jsonencode(var.database_ca)
    database_cidr  = var.database_cidr
  })]

  set_sensitive = [{
    name  = "passwords.MYSQL_PASSWORD"
    type  = "string"
    value = var.database_password
  }]

  # The operator brings the definition of VotingApps, and is gone last.
  depends_on = [helm_release.operator]
}
