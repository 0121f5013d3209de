# Who hears how a run ended.
module "topic" {
  source = "../../topic"

  foundation        = var.foundation
  name              = "gitops_pipeline"
  subscriber_emails = var.subscriber_emails
}
