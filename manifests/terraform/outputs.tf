output "vote_url" {
  description = "Where voters vote."
  value       = "https://vote.${var.domain}"
}

output "results_url" {
  description = "Where the results are shown."
  value       = "https://results.${var.domain}"
}
