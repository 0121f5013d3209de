# What others need: where to look for records that were given up.
output "failure_queue_arn" {
  description = "ARN of the queue that tells which records were given up."
  value       = module.failures.arn
}

output "failure_queue_url" {
  description = "Address of the queue that tells which records were given up."
  value       = module.failures.url
}

output "monitoring" {
  description = "What `modules/monitoring` watches and draws of the source."
  value = {
    alarms = { for alarm in values(aws_cloudwatch_metric_alarm.this) : alarm.alarm_name => alarm.arn }

    series = concat(module.failures.monitoring.series, [{
      topic      = "age"
      label      = "${var.name}_stream"
      namespace  = local.alarms.iterator_age.namespace
      metric     = local.alarms.iterator_age.metric
      statistic  = "Maximum"
      dimensions = local.alarms.iterator_age.dimensions
      factor     = 1 / 1000 # seconds
    }])
  }
}
