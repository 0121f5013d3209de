# The state of this one lies on the administrator's disk, one file per workspace: the bucket for states is made here.
terraform {
  required_version = ">= 1.10"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.100, < 7"
    }
  }
}

provider "aws" {
  region              = "us-east-1"
  allowed_account_ids = [lookup(local.account_ids, terraform.workspace, "none")]

  default_tags {
    tags = {
      Environment = "bootstrap"
      ManagedBy   = "terraform"
    }
  }
}
