# What others need: names to look things up by.
output "monitoring" {
  description = "What `modules/monitoring` watches and draws of the schedule."
  value = {
    alarms = { for alarm in values(aws_cloudwatch_metric_alarm.this) : alarm.alarm_name => alarm.arn }

    series = concat(module.undelivered.monitoring.series, [
      for topic, metric in { traffic = "InvocationAttemptCount", errors = "InvocationDroppedCount" } : {
        topic                        = topic
        label                        = "${var.name}_schedule"
        namespace                    = local.alarms.dropped.namespace
        metric                       = metric
        statistic                    = "Sum"
        dimensions                   = local.alarms.dropped.dimensions
      }
    ])
  }
}

output "name" {
  description = "Name of the schedule and of its group."
  value       = aws_scheduler_schedule.this.name
}

output "undelivered_queue_arn" {
  description = "ARN of the queue with the starts that did not happen."
  value       = module.undelivered.arn
}
