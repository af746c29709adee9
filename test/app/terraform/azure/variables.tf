variable "environment" {
  description = "Which environment this is; part of every name."
  type        = string

  validation {
    condition     = contains(["staging", "production"], var.environment)
    error_message = "The environment must be staging or production."
  }
}

variable "location" {
  description = "Azure region."
  type        = string
  default     = "westeurope"
}

variable "node_size" {
  description = "Size of a cluster node."
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

variable "database_sku" {
  description = "Size of the PostgreSQL server."
  type        = string
}

variable "database_password" {
  description = "Password of the PostgreSQL administrator; from TF_VAR_database_password."
  type        = string
  sensitive   = true
}

variable "redis_sku" {
  description = "Size of the Redis instance."
  type        = string
}

variable "highly_available" {
  description = "Whether PostgreSQL and Redis survive the loss of a zone."
  type        = bool
}
