terraform {
  required_version = ">= 1.5"

  required_providers {
    # With its registry, so that OpenTofu and Terraform share one lock file.
    time = {
      source  = "registry.opentofu.org/hashicorp/time"
      version = "~> 0.13"
    }
  }

  # Configured by `-backend-config`, one state for each environment, and PG_CONN_STR.
  backend "pg" {}
}
