# What others need: names to look things up by.
output "monitoring" {
  description = "What `modules/monitoring` watches and draws of the rule."
  value = {
    alarms = { for alarm in values(aws_cloudwatch_metric_alarm.this) : alarm.alarm_name => alarm.arn }

    series = concat(module.undelivered.monitoring.series, [
      for topic, metric in { traffic = "Invocations", errors = "FailedInvocations" } : {
        topic                        = topic
        label                        = "${var.name}_rule"
        namespace                    = local.alarms.failed_invocations.namespace
        metric                       = metric
        statistic                    = "Sum"
        dimensions                   = local.alarms.failed_invocations.dimensions
      }
    ])
  }
}

output "rule_arn" {
  description = "The rule's ARN, known before the rule is there: a queue's policy may name it."
  value       = local.rule_arn
}

output "rule_name" {
  description = "The rule's name in AWS."
  value       = aws_cloudwatch_event_rule.this.name
}

output "undelivered_queue_arn" {
  description = "ARN of the queue with the events that could not be delivered."
  value       = module.undelivered.arn
}
