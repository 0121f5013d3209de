# The rule: which events, and what they start.
locals {
  rule_name = "${var.foundation.name}-${replace(var.name, "_", "-")}"
  rule_path = var.event_bus == "default" ? local.rule_name : "${var.event_bus}/${local.rule_name}"
  rule_arn  = "arn:${var.foundation.partition}:events:${var.foundation.region}:${var.foundation.account_id}:rule/${local.rule_path}"
}

resource "aws_cloudwatch_event_rule" "this" {
  name           = local.rule_name
  description    = var.description
  event_bus_name = var.event_bus
  event_pattern  = var.event_pattern
}

resource "aws_cloudwatch_event_target" "this" {
  rule           = aws_cloudwatch_event_rule.this.name
  event_bus_name = var.event_bus
  target_id      = replace(var.target.kind, "_", "-")
  arn            = var.target.arn
  role_arn       = one(values(aws_iam_role.this)[*].arn)

  retry_policy {
    maximum_event_age_in_seconds = var.retry.max_event_age_seconds
    maximum_retry_attempts       = var.retry.max_attempts
  }

  dead_letter_config {
    arn = module.undelivered.arn
  }

  # EventBridge delivers from the first second on.
  depends_on = [aws_iam_role_policy.this, aws_lambda_permission.this]
}
