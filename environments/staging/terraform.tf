# Where the state lies and which account this is.
terraform {
  required_version = ">= 1.10"

  # Without `encrypt`, which would choose S3's own key over the bucket's.
  backend "s3" {
    bucket       = "tfstate-workflows-staging-000000000002-us-east-1"
    key          = "workflows.tfstate"
    region       = "us-east-1"
    use_lockfile = true
  }

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.100, < 7"
    }
  }
}

provider "aws" {
  region              = "us-east-1"
  allowed_account_ids = ["000000000002"]

  default_tags {
    tags = {
      Environment = "staging"
      ManagedBy   = "terraform"
    }
  }
}
