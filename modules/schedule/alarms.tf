# When somebody has to look: the moment came, and nothing was started.
locals {
  alarms = {
    dropped = {
      happened   = "EventBridge Scheduler gave up starting what the schedule ${local.schedule_name} is for."
      namespace  = "AWS/Scheduler"
      metric     = "InvocationDroppedCount"
      statistic  = "Sum"
      dimensions = { ScheduleGroup = local.schedule_name }
    }
    undelivered = {
      happened   = "Starts that did not happen wait in ${module.undelivered.name}."
      namespace  = "AWS/SQS"
      metric     = "ApproximateNumberOfMessagesVisible"
      statistic  = "Maximum"
      dimensions = { QueueName = module.undelivered.name }
    }
  }
}

resource "aws_cloudwatch_metric_alarm" "this" {
  for_each = local.alarms

  alarm_name          = "${local.schedule_name}-schedule-${each.key}"
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
