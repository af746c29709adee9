output "name" {
  description = "Name to give to `az aks get-credentials`."
  value       = azurerm_kubernetes_cluster.this.name
}
