# When somebody has to look: one map of conditions, each with the sentence that says what to do.
locals {
  alias_dimensions = {
    FunctionName = local.function_name
    Resource     = "${local.function_name}:${local.alias}"
  }

  alarms = {
    errors = {
      happened   = "${local.function_name} failed ${var.alarms.errors} times or more within a minute."
      namespace  = "AWS/Lambda"
      metric     = "Errors"
      statistic  = "Sum"
      threshold  = var.alarms.errors
      dimensions = local.alias_dimensions
    }
    throttles = {
      happened   = "${local.function_name} was refused an instance: it, or the account, has reached its concurrency."
      namespace  = "AWS/Lambda"
      metric     = "Throttles"
      statistic  = "Sum"
      threshold  = var.alarms.throttles
      dimensions = local.alias_dimensions
    }
    duration = {
      happened   = "${local.function_name} took ${var.alarms.duration_percent} % of its ${var.limits.timeout_seconds} s or more."
      namespace  = "AWS/Lambda"
      metric     = "Duration"
      statistic  = "Maximum"
      threshold  = var.limits.timeout_seconds * 1000 * var.alarms.duration_percent / 100
      dimensions = local.alias_dimensions
    }
    failures = {
      happened   = "Asynchronous calls of ${local.function_name} failed for good and wait in ${module.failures.name}."
      namespace  = "AWS/SQS"
      metric     = "ApproximateNumberOfMessagesVisible"
      statistic  = "Maximum"
      threshold  = 1
      dimensions = { QueueName = module.failures.name }
    }
  }
}

resource "aws_cloudwatch_metric_alarm" "this" {
  for_each = local.alarms

  alarm_name          = "${local.function_name}-${each.key}"
  alarm_description   = "${each.value.happened} ${var.alarms.runbook}"
  namespace           = each.value.namespace
  metric_name         = each.value.metric
  dimensions          = each.value.dimensions
  statistic           = each.value.statistic
  comparison_operator = "GreaterThanOrEqualToThreshold"
  threshold           = each.value.threshold
  period              = 60
  evaluation_periods  = 1
  treat_missing_data  = "notBreaching"
  alarm_actions       = [var.foundation.alarm_topic_arn]
  ok_actions          = [var.foundation.alarm_topic_arn]
}
