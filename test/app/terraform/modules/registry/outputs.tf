output "id" {
  description = "The registry."
  value       = azurerm_container_registry.this.id
}

output "login_server" {
  description = "Host name to push to and pull from."
  value       = azurerm_container_registry.this.login_server
}
