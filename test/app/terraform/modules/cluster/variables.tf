variable "name" {
  description = "Name of the cluster, also its DNS prefix."
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

variable "subnet_id" {
  description = "Subnet of the nodes."
  type        = string
}

variable "registry_id" {
  description = "Registry that the nodes may pull from."
  type        = string
}

variable "node_size" {
  description = "Size of a node, such as Standard_D4ds_v5."
  type        = string
}

variable "node_count" {
  description = "Bounds of the node autoscaler."
  type        = object({ min = number, max = number })
}

variable "authorized_ip_ranges" {
  description = "Addresses that may reach the Kubernetes API."
  type        = set(string)
}

variable "admin_group_object_ids" {
  description = "Entra groups that administer the cluster."
  type        = list(string)
}
