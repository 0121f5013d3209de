# Who hears how a run ended.
module "topic" {
  source = "../../topic"

  foundation        = var.foundation
  name              = "etl_pipeline"
  subscriber_emails = var.subscriber_emails
}
