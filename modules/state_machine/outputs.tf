# What others need: the alias to start, and names to look things up by.
output "arn" {
  description = "ARN of the alias `live`, the only thing to start."
  value       = aws_sfn_alias.live.arn
}

output "log_group_name" {
  description = "Name of the log group that records every state of every execution."
  value       = aws_cloudwatch_log_group.this.name
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
