# What the service needs, without a cloud: terraform_data is built in and time needs no account, so that plans, applies
# and drift can be tried anywhere.
locals {
  name = "upscaler-${var.environment}"
}

module "database_credential" {
  source = "../modules/credential"

  user          = local.name
  rotation_days = var.rotation_days
}

module "redis_credential" {
  source = "../modules/credential"

  user          = "default"
  rotation_days = var.rotation_days
}

resource "terraform_data" "database" {
  input = {
    name       = local.name
    version    = "16"
    credential = module.database_credential.id
  }
}

resource "terraform_data" "redis" {
  input = {
    name            = local.name
    eviction_policy = "noeviction"
    credential      = module.redis_credential.id
  }
}

resource "terraform_data" "service" {
  input = {
    replicas = var.replicas
    database = terraform_data.database.output.name
    redis    = terraform_data.redis.output.name
  }
}
