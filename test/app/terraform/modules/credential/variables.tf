variable "user" {
  description = "Who signs in with it."
  type        = string
}

variable "rotation_days" {
  description = "After how many days it is replaced."
  type        = number
}

variable "generation" {
  description = "Another number replaces it at once."
  type        = number
  default     = 1
}
