# When somebody has to look: an event did not start what it should have started.
locals {
  alarms = {
    failed_invocations = {
      happened   = "EventBridge gave up delivering an event of the rule ${local.rule_name}."
      namespace  = "AWS/Events"
      metric     = "FailedInvocations"
      statistic  = "Sum"
      dimensions = merge({ RuleName = local.rule_name }, { for bus in [var.event_bus] : "EventBusName" => bus if bus != "default" })
    }
    undelivered = {
      happened   = "Events that started nothing wait in ${module.undelivered.name}."
      namespace  = "AWS/SQS"
      metric     = "ApproximateNumberOfMessagesVisible"
      statistic  = "Maximum"
      dimensions = { QueueName = module.undelivered.name }
    }
  }
}

resource "aws_cloudwatch_metric_alarm" "this" {
  for_each = local.alarms

  alarm_name          = "${local.rule_name}-${replace(each.key, "_", "-")}"
  alarm_description   = "${each.value.happened} ${var.runbook}"
  namespace           = each.value.namespace
  metric_name         = each.value.metric
  dimensions          = each.value.dimensions
  statistic           = each.value.statistic
  comparison_operator = "GreaterThanOrEqualToThreshold"
  threshold           = 1
  period              = 60
  evaluation_periods  = 1
  treat_missing_data  = "notBreaching"
  alarm_actions       = [var.foundation.alarm_topic_arn]
  ok_actions          = [var.foundation.alarm_topic_arn]
}
