variable "name" {
  description = "Name of the registry: letters and digits, unique in Azure."
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
