# One topic for all that people are told. Each message names its recipient, and each hears only what is for them.
module "topic" {
  source = "../topic"

  foundation = var.foundation
  name       = var.name
  recipients = var.recipients
}
