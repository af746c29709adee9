# What the service needs, without a cloud: terraform_data is built in, so that plans, applies and
# drift can be tried where no provider can be downloaded.
terraform {
  required_version = ">= 1.5"
}

resource "terraform_data" "database" {
  input = {
    name    = "upscaler-${var.environment}"
    version = "16"
  }
}

resource "terraform_data" "redis" {
  input = {
    name            = "upscaler-${var.environment}"
    eviction_policy = "noeviction"
  }
}

resource "terraform_data" "service" {
  input = {
    replicas = var.replicas
    database = terraform_data.database.output.name
    redis    = terraform_data.redis.output.name
  }
}
