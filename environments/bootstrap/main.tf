# What an account needs before anything can be deployed to it; an administrator applies this once per account.
# The workspace says for which: `terraform workspace select -or-create dev`.
locals {
  account_ids = {
    dev     = "000000000001"
    staging = "000000000002"
    prod    = "000000000003"
  }
}

module "bootstrap" {
  source = "../../modules/bootstrap"

  name        = "workflows-${terraform.workspace}"
  environment = terraform.workspace
  repository  = "example-org/workflows"
}
