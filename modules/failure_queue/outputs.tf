# Where failures are sent, and where they are looked for.
output "arn" {
  description = "ARN of the queue, once it is there."
  value       = aws_sqs_queue.this.arn
}

output "arn_in_policies" {
  description = "The same ARN, known before the queue is there: policies need not wait for it."
  value       = local.arn
}

output "monitoring" {
  description = "What `modules/monitoring` watches and draws of the queue."
  value = {
    alarms = {} # whoever sends has the alarm
    series = [{
      topic      = "waiting"
      label      = var.name
      namespace  = "AWS/SQS"
      metric     = "ApproximateNumberOfMessagesVisible"
      statistic  = "Maximum"
      dimensions = { QueueName = var.name }
    }]
  }
}

output "name" {
  description = "Name of the queue."
  value       = var.name
}

output "url" {
  description = "Address of the queue."
  value       = aws_sqs_queue.this.url
}
