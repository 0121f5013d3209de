# What others need: the alias to invoke, and names to look things up by.
output "arn" {
  description = "ARN of the alias `live`, the only thing to invoke."
  value       = local.live.arn
}

output "failure_queue_arn" {
  description = "ARN of the queue that keeps asynchronous calls that failed for good."
  value       = module.failures.arn
}

output "log_group_name" {
  description = "Name of the function's log group."
  value       = aws_cloudwatch_log_group.this.name
}

output "monitoring" {
  description = "What `modules/monitoring` watches and draws of the function."
  value = {
    alarms   = { for alarm in values(aws_cloudwatch_metric_alarm.this) : alarm.alarm_name => alarm.arn }
    logs     = [{ kind = "function", name = aws_cloudwatch_log_group.this.name }]
    services = [local.function_name]

    series = concat(module.failures.monitoring.series, [for each in local.drawn : merge(each, {
      label      = var.name
      namespace  = "AWS/Lambda"
      dimensions = local.alias_dimensions
    })])
  }
}

output "name" {
  description = "The function's name in AWS."
  value       = aws_lambda_function.this.function_name
}

output "role_name" {
  description = "Name of the role the function runs as."
  value       = aws_iam_role.this.name
}
