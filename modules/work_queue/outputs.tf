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

output "monitoring" {
  description = "What `modules/monitoring` watches and draws of the queue."
  value = {
    alarms = { for alarm in concat(values(aws_cloudwatch_metric_alarm.this), [aws_cloudwatch_metric_alarm.backlog]) : alarm.alarm_name => alarm.arn }

    series = [for each in local.drawn : {
      topic      = each.topic
      label      = each.queue
      namespace  = "AWS/SQS"
      metric     = each.metric
      statistic  = each.statistic
      dimensions = { QueueName = each.queue }
    }]
  }
}

output "url" {
  description = "Address of the queue, for its producers."
  value       = aws_sqs_queue.this.url
}
