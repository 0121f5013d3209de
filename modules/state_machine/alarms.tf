# When somebody has to look: every way an execution can end badly, with the sentence that says what to do.
locals {
  alarms = {
    failed = {
      metric   = "ExecutionsFailed"
      happened = "${local.machine_name} failed ${var.alarms.failed} times or more within a minute."
      above    = var.alarms.failed
    }
    timed_out = {
      metric   = "ExecutionsTimedOut"
      happened = "${local.machine_name} ran longer than its definition allows."
      above    = 1
    }
    aborted = {
      metric   = "ExecutionsAborted"
      happened = "Somebody stopped an execution of ${local.machine_name}."
      above    = 1
    }
    throttled = {
      metric   = "ExecutionThrottled"
      happened = "${local.machine_name} was slowed down: the account has reached its rate of state transitions."
      above    = var.alarms.throttled
    }
  }
}

resource "aws_cloudwatch_metric_alarm" "this" {
  for_each = local.alarms

  alarm_name          = "${local.machine_name}-${replace(each.key, "_", "-")}"
  alarm_description   = "${each.value.happened} ${var.alarms.runbook}"
  namespace           = "AWS/States"
  metric_name         = each.value.metric
  dimensions          = { StateMachineArn = local.machine_arn }
  statistic           = "Sum"
  comparison_operator = "GreaterThanOrEqualToThreshold"
  threshold           = each.value.above
  period              = 60
  evaluation_periods  = 1
  treat_missing_data  = "notBreaching"
  alarm_actions       = [var.foundation.alarm_topic_arn]
  ok_actions          = [var.foundation.alarm_topic_arn]
}
