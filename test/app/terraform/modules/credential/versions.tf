terraform {
  required_version = ">= 1.5"

  required_providers {
    time = {
      source  = "registry.opentofu.org/hashicorp/time"
      version = "~> 0.13"
    }
  }
}
