# What others need: where to look for records that were given up.
output "failure_queue_arn" {
  description = "ARN of the queue that tells which records were given up."
  value       = aws_sqs_queue.failures.arn
}

output "failure_queue_url" {
  description = "Address of the queue that tells which records were given up."
  value       = aws_sqs_queue.failures.url
}
