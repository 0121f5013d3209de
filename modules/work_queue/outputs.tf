# What others need: where to send, and where failures wait.
output "arn" {
  description = "ARN of the queue."
  value       = aws_sqs_queue.this.arn
}

output "failure_queue_arn" {
  description = "ARN of the queue with the messages that could not be processed."
  value       = aws_sqs_queue.failures.arn
}

output "failure_queue_url" {
  description = "Address of the queue with the messages that could not be processed."
  value       = aws_sqs_queue.failures.url
}

output "url" {
  description = "Address of the queue, for its producers."
  value       = aws_sqs_queue.this.url
}
