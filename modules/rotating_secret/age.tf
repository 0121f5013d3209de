# How old the current value is: measured by the clock, so that a rotation that does not happen shows, and a measure that is
# missing as well. CloudWatch looks back a week at most, so the silence of a rotation could not be watched.
module "schedule" {
  source = "../schedule"

  name        = "${var.name}_age"
  description = "Measures how old the value of a secret is."
  foundation  = var.foundation
  schedule    = { expression = "rate(1 hour)" }
  target      = { kind = "function", arn = local.function_arn, input = jsonencode({ SecretId = aws_secretsmanager_secret.this.arn, Step = "measureAge" }) }
  runbook     = "See in the queue why the function was not called and mend it; the next hour measures again."
}

resource "aws_cloudwatch_metric_alarm" "age" {
  alarm_name          = "${var.foundation.name}-${replace(var.name, "_", "-")}-age"
  alarm_description   = "The secret ${local.secret_name} has a value older than ${var.max_age_days} days, none at all, or nobody measures. ${var.runbook}"
  namespace           = var.foundation.name
  metric_name         = "SecretAgeDays"
  dimensions          = { service = local.code.package, secret = local.secret_name }
  statistic           = "Minimum"
  comparison_operator = "GreaterThanThreshold"
  threshold           = var.max_age_days
  period              = 3600
  evaluation_periods  = 3
  treat_missing_data  = "breaching"
  alarm_actions       = [var.foundation.alarm_topic_arn]
  ok_actions          = [var.foundation.alarm_topic_arn]
}
