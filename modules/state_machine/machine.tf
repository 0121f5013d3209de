# The state machine, and `live`, the alias that everybody starts.
locals {
  machine_name  = "${var.foundation.name}-${replace(var.name, "_", "-")}"
  machine_arn   = "arn:${var.foundation.partition}:states:${var.foundation.region}:${var.foundation.account_id}:stateMachine:${local.machine_name}"
  execution_arn = replace(local.machine_arn, ":stateMachine:", ":execution:")
}

resource "aws_sfn_state_machine" "this" {
  name       = local.machine_name
  type       = var.type
  role_arn   = aws_iam_role.this.arn
  definition = local.rendered
  publish    = true

  logging_configuration {
    level                  = "ALL"
    include_execution_data = true
    log_destination        = "${aws_cloudwatch_log_group.this.arn}:*"
  }

  tracing_configuration {
    enabled = true
  }

  # The definition and the histories of executions. A data key is used for five minutes: KMS is asked, and bills, once for all
  # that happens meanwhile.
  encryption_configuration {
    type                              = "CUSTOMER_MANAGED_KMS_KEY"
    kms_key_id                        = var.foundation.kms_key_arn
    kms_data_key_reuse_period_seconds = 300
  }

  # Step Functions checks the role's log permissions when it makes the machine.
  depends_on = [aws_iam_role_policy.this]
}

resource "aws_sfn_alias" "live" {
  name        = "live"
  description = "What everybody starts."

  routing_configuration {
    state_machine_version_arn = aws_sfn_state_machine.this.state_machine_version_arn
    weight                    = 100
  }
}
