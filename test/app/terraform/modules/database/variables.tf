variable "name" {
  description = "Name of the server, unique in Azure."
  type        = string
}

variable "resource_group_name" {
  description = "Resource group to create everything in."
  type        = string
}

variable "location" {
  description = "Azure region."
  type        = string
}

variable "network_id" {
  description = "Virtual network that resolves the server's name."
  type        = string
}

variable "subnet_id" {
  description = "Subnet delegated to PostgreSQL."
  type        = string
}

variable "sku_name" {
  description = "Size of the server, such as B_Standard_B1ms."
  type        = string
}

variable "zone_redundant" {
  description = "Whether a standby runs in another zone."
  type        = bool
}

variable "administrator_password" {
  description = "Password of the administrator."
  type        = string
  sensitive   = true
}
