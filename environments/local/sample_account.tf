# What an administrator does once for an account (environments/bootstrap), done here for what the pipeline deploys: an account of
# its own for the sample repository would be one more than this machine has.
module "sample_account" {
  source = "../../modules/bootstrap"

  name        = "workflows-sample"
  environment = "sample" # of its own: by this tag its roles know which keys are theirs
  pipeline    = "workflows-local"
  repository  = null
}

output "sample_account" {
  description = "The state bucket, the boundary and the deploy roles of the sample repository."
  value       = module.sample_account
}
