variable "name" {
  description = "Name of the instance, unique in its region."
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
  description = "Virtual network that resolves the instance's name."
  type        = string
}

variable "subnet_id" {
  description = "Subnet of the private endpoint."
  type        = string
}

variable "sku_name" {
  description = "Size of the instance, such as Balanced_B0."
  type        = string
}

variable "high_availability" {
  description = "Whether a replica takes over at a failure."
  type        = bool
}
