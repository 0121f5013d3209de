# What others need: the alias to invoke, and names to look things up by.
output "arn" {
  description = "ARN of the alias `live`, the only thing to invoke."
  value       = aws_lambda_alias.live.arn
}

output "failure_queue_arn" {
  description = "ARN of the queue that keeps asynchronous calls that failed for good."
  value       = aws_sqs_queue.failures.arn
}

output "log_group_name" {
  description = "Name of the function's log group."
  value       = aws_cloudwatch_log_group.this.name
}

output "name" {
  description = "The function's name in AWS."
  value       = aws_lambda_function.this.function_name
}

output "role_name" {
  description = "Name of the role the function runs as."
  value       = aws_iam_role.this.name
}
