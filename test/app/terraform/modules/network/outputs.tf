output "network_id" {
  description = "The virtual network."
  value       = azurerm_virtual_network.this.id
}

output "cluster_subnet_id" {
  description = "Where the cluster's nodes live."
  value       = azurerm_subnet.cluster.id
}

output "database_subnet_id" {
  description = "Delegated to PostgreSQL."
  value       = azurerm_subnet.database.id
}

output "endpoints_subnet_id" {
  description = "Where private endpoints live."
  value       = azurerm_subnet.endpoints.id
}
