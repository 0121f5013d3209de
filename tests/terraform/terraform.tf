# What the tests of this folder need; each *.tftest.hcl configures the provider itself, as `run` blocks with a `module` want it.
terraform {
  required_version = ">= 1.10"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.100, < 7"
    }
  }
}
