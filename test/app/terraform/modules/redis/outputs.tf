output "host" {
  description = "Host name of the instance; connections use TLS."
  value       = azurerm_managed_redis.this.hostname
}

output "port" {
  description = "Port of the instance."
  value       = azurerm_managed_redis.this.default_database[0].port
}
