# Where events wait that EventBridge could not deliver.
module "undelivered" {
  source = "../failure_queue"

  foundation = var.foundation
  name       = "${local.rule_name}-undelivered"
  sender     = { rule_arn = local.rule_arn }
}
