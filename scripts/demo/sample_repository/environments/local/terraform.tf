# Where the state lies and which account this is: the embedded engine on this machine, as AWS_ENDPOINT_URL says.
terraform {
  required_version = ">= 1.10"

  # Without `encrypt`, which would choose S3's own key over the bucket's.
  backend "s3" {
    bucket         = "tfstate-workflows-sample-000000000000-us-east-1"
    key            = "workflows.tfstate"
    region         = "us-east-1"
    use_lockfile   = true
    use_path_style = true # a bucket is no host name on 127.0.0.1
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
  allowed_account_ids = ["000000000000"]
  s3_use_path_style   = true

  default_tags {
    tags = {
      Environment = "sample"
      ManagedBy   = "terraform"
    }
  }
}
