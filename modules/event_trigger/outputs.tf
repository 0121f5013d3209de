# What others need: names to look things up by.
output "rule_name" {
  description = "The rule's name in AWS."
  value       = aws_cloudwatch_event_rule.this.name
}

output "undelivered_queue_arn" {
  description = "ARN of the queue with the events that could not be delivered."
  value       = aws_sqs_queue.undelivered.arn
}
