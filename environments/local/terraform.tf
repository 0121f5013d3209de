# Where the state lies and which account this is: the embedded engine on this machine. There a twelve-digit access key is
# that account's root. AWS_ENDPOINT_URL says where it listens, and `aws_config` says it when the variable is not set, so
# that no command here can reach AWS.
terraform {
  required_version = ">= 1.10"

  # In the engine as well: Terraform writes a state in a file anew after every resource, which takes longer than all else.
  backend "s3" {
    bucket              = "tfstate-workflows-local-000000000000-us-east-1"
    key                 = "workflows.tfstate"
    region              = "us-east-1"
    use_lockfile        = true
    use_path_style      = true # a bucket is no host name on 127.0.0.1
    access_key          = "000000000000"
    secret_key          = "test"
    shared_config_files = ["aws_config"]
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
  access_key          = "000000000000"
  secret_key          = "test"
  shared_config_files = ["${path.root}/aws_config"]
  s3_use_path_style   = true

  default_tags {
    tags = {
      Environment = "local"
      ManagedBy   = "terraform"
    }
  }
}
