# When somebody has to look: messages wait too long, failed for good, or come in faster than they are worked off.
locals {
  alarms = {
    age = {
      happened  = "The oldest message in ${local.queue_name} is older than all of its tries may take."
      queue     = local.queue_name
      metric    = "ApproximateAgeOfOldestMessage"
      threshold = coalesce(var.alarms.max_age_seconds, local.visibility_seconds * var.max_receive_count)
    }
    failures = {
      happened  = "Messages that could not be processed wait in ${local.failures_name}, for 14 days at most."
      queue     = local.failures_name
      metric    = "ApproximateNumberOfMessagesVisible"
      threshold = 1
    }
  }

  # What the growth of the backlog is calculated from, in windows of five minutes.
  backlog_metrics = {
    sent    = { metric = "NumberOfMessagesSent", statistic = "Sum" }
    deleted = { metric = "NumberOfMessagesDeleted", statistic = "Sum" }
    waiting = { metric = "ApproximateNumberOfMessagesVisible", statistic = "Minimum" }
  }
}

resource "aws_cloudwatch_metric_alarm" "this" {
  for_each = local.alarms

  alarm_name          = "${local.base_name}-${each.key}"
  alarm_description   = "${each.value.happened} ${var.alarms.runbook}"
  namespace           = "AWS/SQS"
  metric_name         = each.value.metric
  dimensions          = { QueueName = each.value.queue }
  statistic           = "Maximum"
  comparison_operator = "GreaterThanOrEqualToThreshold"
  threshold           = each.value.threshold
  period              = 60
  evaluation_periods  = 1
  treat_missing_data  = "notBreaching"
  alarm_actions       = [var.foundation.alarm_topic_arn]
  ok_actions          = [var.foundation.alarm_topic_arn]
}

# A full queue is no fault, and a burst is what queues are for. It is one when the queue was never empty and more came
# in than was worked off, window after window. Consumers that stand still while nothing comes in show in the age.
resource "aws_cloudwatch_metric_alarm" "backlog" {
  alarm_name          = "${local.base_name}-backlog"
  alarm_description   = "For ${var.alarms.backlog_minutes} minutes more messages have come to ${local.queue_name} than were worked off. ${var.alarms.runbook}"
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  evaluation_periods  = var.alarms.backlog_minutes / 5
  treat_missing_data  = "notBreaching"
  alarm_actions       = [var.foundation.alarm_topic_arn]
  ok_actions          = [var.foundation.alarm_topic_arn]

  metric_query {
    id          = "growth"
    label       = "Messages that came in beyond those worked off"
    expression  = "IF(waiting > 0, FILL(sent, 0) - FILL(deleted, 0), 0)"
    return_data = true
  }

  dynamic "metric_query" {
    for_each = local.backlog_metrics

    content {
      id = metric_query.key

      metric {
        namespace   = "AWS/SQS"
        metric_name = metric_query.value.metric
        dimensions  = { QueueName = local.queue_name }
        period      = 300
        stat        = metric_query.value.statistic
      }
    }
  }
}
