# Which account this is: one of the embedded engine's, beside those of the environments.
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
  allowed_account_ids = ["000000000005"]

  default_tags {
    tags = {
      Environment = "network"
      ManagedBy   = "terraform"
    }
  }
}
