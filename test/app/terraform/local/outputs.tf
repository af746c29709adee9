output "service" {
  description = "What the service was given."
  value       = terraform_data.service.output
}
