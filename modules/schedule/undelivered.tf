# Where starts wait that did not happen.
module "undelivered" {
  source = "../failure_queue"

  foundation = var.foundation
  name       = "${local.schedule_name}-schedule-undelivered"
  sender     = { role_arn = "arn:${var.foundation.partition}:iam::${var.foundation.account_id}:role/${local.schedule_name}-schedule" }
}
