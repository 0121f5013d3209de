# The outbox: whatever is to be told waits here until it is told, or until the failure queue has it.
locals {
  workflow = "${var.foundation.name}-notifications"
}

module "queue" {
  source = "../../work_queue"

  name              = "notifications"
  foundation        = var.foundation
  function          = { arn = module.function.arn, role_name = module.function.role_name }
  timeout_seconds   = var.limits.timeout_seconds
  max_concurrency   = var.limits.max_concurrency
  max_receive_count = var.limits.max_receive_count
  batch             = { size = var.limits.batch_size }

  senders = {
    topic_arns = values(var.topics)[*].arn
    rule_arns  = [module.trigger.rule_arn]
  }

  alarms = {
    runbook = "Group the failure queue with `python -m scripts.failure_queue --workflow notifications`; mend the address or the settings, then redrive."
  }
}

# What was told already, and what waits for a digest; rows that nobody needs any more remove themselves.
resource "aws_dynamodb_table" "claims" {
  name                        = "${local.workflow}-claims"
  billing_mode                = "PAY_PER_REQUEST"
  hash_key                    = "id"
  deletion_protection_enabled = var.foundation.deletion_protection

  attribute {
    name = "id"
    type = "S"
  }

  ttl {
    enabled        = true
    attribute_name = "remove_at"
  }

  point_in_time_recovery {
    enabled = true
  }

  server_side_encryption {
    enabled     = true
    kms_key_arn = var.foundation.kms_key_arn
  }
}

# What operators moved out of the failure queue, and who did it: `python -m scripts.failure_queue` writes it.
resource "aws_cloudwatch_log_group" "triage" {
  #checkov:skip=CKV_AWS_338:How long logs are kept is a value of each environment.
  name              = "/workflows/${var.foundation.name}/notifications/triage"
  retention_in_days = var.foundation.log_retention_days
  kms_key_id        = var.foundation.kms_key_arn
}
