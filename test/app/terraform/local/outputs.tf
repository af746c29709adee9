output "service" {
  description = "What the service was given."
  value       = terraform_data.service.output
}

output "credentials_expire" {
  description = "When each credential is replaced."
  value = {
    database = module.database_credential.expires
    redis    = module.redis_credential.expires
  }
}
