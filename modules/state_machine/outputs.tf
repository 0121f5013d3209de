# What others need: the alias to start, and names to look things up by.
output "arn" {
  description = "ARN of the alias `live`, the only thing to start."
  value       = aws_sfn_alias.live.arn
}

output "failures" {
  description = "Where executions that ended badly wait, and how they are run again where they may not be redriven; null for EXPRESS."
  value       = one([for queue in values(module.failures) : { queue_url = queue.url, run_again = var.run_again }])
}

output "log_group_name" {
  description = "Name of the log group that records every state of every execution."
  value       = aws_cloudwatch_log_group.this.name
}

output "monitoring" {
  description = "What `modules/monitoring` watches and draws of the machine."
  value = {
    alarms = merge(
      { for alarm in values(aws_cloudwatch_metric_alarm.this) : alarm.alarm_name => alarm.arn },
      values(module.capture)[*].monitoring.alarms...
    )
    logs     = [{ kind = "machine", name = aws_cloudwatch_log_group.this.name }]
    services = [local.machine_name]

    series = concat(
      [for each in local.drawn : merge(each, {
        label      = "${var.name}_machine"
        namespace  = "AWS/States"
        dimensions = { StateMachineArn = local.machine_arn }
      })],
      flatten([for block in concat(values(module.failures), values(module.capture)) : block.monitoring.series]),
    )
  }
}

output "name" {
  description = "The machine's name in AWS."
  value       = aws_sfn_state_machine.this.name
}

output "role_name" {
  description = "Name of the role the machine runs as."
  value       = aws_iam_role.this.name
}

output "state_machine_arn" {
  description = "ARN of the machine itself, for looking at its executions."
  value       = aws_sfn_state_machine.this.arn
}
