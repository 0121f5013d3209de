# What others need: the secret to read, and names to look things up by.
output "arn" {
  description = "ARN of the secret, for those who may read it."
  value       = aws_secretsmanager_secret.this.arn
}

output "function_name" {
  description = "Name of the function that keeps the secret."
  value       = module.function.name
}

output "monitoring" {
  description = "What `modules/monitoring` watches and draws of the secret."
  value = {
    alarms = merge(
      { (aws_cloudwatch_metric_alarm.age.alarm_name) = aws_cloudwatch_metric_alarm.age.arn },
      module.function.monitoring.alarms,
      module.schedule.monitoring.alarms,
    )
    logs     = module.function.monitoring.logs
    services = module.function.monitoring.services
    series   = concat(module.function.monitoring.series, module.schedule.monitoring.series)
  }
}

output "name" {
  description = "Name of the secret."
  value       = aws_secretsmanager_secret.this.name
}
