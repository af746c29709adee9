variable "environment" {
  description = "Which environment this is; part of every name."
  type        = string

  validation {
    condition     = contains(["staging", "production"], var.environment)
    error_message = "The environment must be staging or production."
  }
}

variable "replicas" {
  description = "How many API pods run."
  type        = number

  validation {
    condition     = var.replicas >= 1 && floor(var.replicas) == var.replicas
    error_message = "There must be at least one replica."
  }
}

variable "rotation_days" {
  description = "After how many days credentials are replaced."
  type        = number
  default     = 90
}
