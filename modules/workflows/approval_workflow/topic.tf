# One topic for all that people are told. Each message names its recipient, and each person hears only what is for them.
module "topic" {
  source = "../../topic"

  foundation = var.foundation
  name       = "approval_workflow"
  recipients = { for name, person in var.policy.people : name => person.email }
}
