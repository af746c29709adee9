terraform {
  required_version = ">= 1.5"

  required_providers {
    azurerm = {
      source  = "hashicorp/azurerm"
      version = "~> 4.60"
    }
  }

  # Configured by `-backend-config`, one state for each environment.
  backend "azurerm" {}
}

provider "azurerm" {
  features {}
}
