locals {
  name = "aiupscaler-${var.environment}"
}

resource "azurerm_resource_group" "this" {
  name     = local.name
  location = var.location

  tags = {
    environment = var.environment
    service     = "ai-audio-upscaler"
  }
}

module "network" {
  source = "../modules/network"

  name                = local.name
  resource_group_name = azurerm_resource_group.this.name
  location            = azurerm_resource_group.this.location
}

module "registry" {
  source = "../modules/registry"

  name                = "aiupscaler${var.environment == "production" ? "" : var.environment}"
  resource_group_name = azurerm_resource_group.this.name
  location            = azurerm_resource_group.this.location
}

module "cluster" {
  source = "../modules/cluster"

  name                   = local.name
  resource_group_name    = azurerm_resource_group.this.name
  location               = azurerm_resource_group.this.location
  subnet_id              = module.network.cluster_subnet_id
  registry_id            = module.registry.id
  node_size              = var.node_size
  node_count             = var.node_count
  authorized_ip_ranges   = var.authorized_ip_ranges
  admin_group_object_ids = var.admin_group_object_ids
}

module "database" {
  source = "../modules/database"

  name                   = local.name
  resource_group_name    = azurerm_resource_group.this.name
  location               = azurerm_resource_group.this.location
  network_id             = module.network.network_id
  subnet_id              = module.network.database_subnet_id
  sku_name               = var.database_sku
  zone_redundant         = var.highly_available
  administrator_password = var.database_password
}

module "redis" {
  source = "../modules/redis"

  name                = local.name
  resource_group_name = azurerm_resource_group.this.name
  location            = azurerm_resource_group.this.location
  network_id          = module.network.network_id
  subnet_id           = module.network.endpoints_subnet_id
  sku_name            = var.redis_sku
  high_availability   = var.highly_available
}
