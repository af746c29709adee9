output "host" {
  description = "Host name of the server."
  value       = azurerm_postgresql_flexible_server.this.fqdn
}

output "database" {
  description = "Name of the service's database."
  value       = azurerm_postgresql_flexible_server_database.this.name
}
