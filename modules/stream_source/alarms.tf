# When somebody has to look: the function falls behind the table, or records were given up.
locals {
  alarms = {
    iterator_age = {
      happened  = "The function is ${var.alarms.iterator_age_seconds} s or more behind the changes; after ${var.retry.max_record_age_seconds} s they are given up."
      namespace = "AWS/Lambda"
      metric    = "IteratorAge" # in milliseconds
      threshold = var.alarms.iterator_age_seconds * 1000

      dimensions = {
        FunctionName = split(":", var.function.arn)[6]
        Resource     = join(":", slice(split(":", var.function.arn), 6, 8))
      }
    }
    failures = {
      happened   = "Records were given up; ${module.failures.name} says where they lie in the stream, which forgets them after 24 hours."
      namespace  = "AWS/SQS"
      metric     = "ApproximateNumberOfMessagesVisible"
      threshold  = 1
      dimensions = { QueueName = module.failures.name }
    }
  }
}

resource "aws_cloudwatch_metric_alarm" "this" {
  for_each = local.alarms

  alarm_name          = "${local.base_name}-${replace(each.key, "_", "-")}"
  alarm_description   = "${each.value.happened} ${var.alarms.runbook}"
  namespace           = each.value.namespace
  metric_name         = each.value.metric
  dimensions          = each.value.dimensions
  statistic           = "Maximum"
  comparison_operator = "GreaterThanOrEqualToThreshold"
  threshold           = each.value.threshold
  period              = 60
  evaluation_periods  = 1
  treat_missing_data  = "notBreaching"
  alarm_actions       = [var.foundation.alarm_topic_arn]
  ok_actions          = [var.foundation.alarm_topic_arn]
}
