# What became of records that were given up: where they lie in the stream waits here, and an alarm says so.
module "failures" {
  source = "../failure_queue"

  foundation = var.foundation
  name       = "${local.base_name}-failures"
  sender     = { role_arn = "arn:${var.foundation.partition}:iam::${var.foundation.account_id}:role/${var.function.role_name}" }
}
