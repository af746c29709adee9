output "id" {
  description = "Another one for each rotation."
  value       = terraform_data.this.id
}

output "expires" {
  description = "When it is replaced."
  value       = time_rotating.this.rotation_rfc3339
}
