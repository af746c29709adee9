output "registry" {
  description = "Host name to push images to."
  value       = module.registry.login_server
}

output "cluster" {
  description = "Name of the Kubernetes cluster."
  value       = module.cluster.name
}

output "database_host" {
  description = "Host name of PostgreSQL."
  value       = module.database.host
}

output "redis_host" {
  description = "Host name of Redis."
  value       = module.redis.host
}
