# Where things are, for people, tests and the operator commands.
output "monitoring" {
  description = "What the environment's overview shows of the workflow."
  value       = module.monitoring.monitoring
}

output "notifications" {
  description = "Names, addresses and ARNs of the workflow's parts. Nothing is told before somebody has put the channels' addresses into the secret, as JSON by the channels' names."
  value = {
    claims_table       = aws_dynamodb_table.claims.name
    failure_queue_arn  = module.queue.failure_queue_arn
    failure_queue_url  = module.queue.failure_queue_url
    function_names     = { keep_webhooks = module.webhooks.function_name, send_notifications = module.function.name }
    queue_arn          = module.queue.arn
    queue_url          = module.queue.url
    rule               = module.trigger.rule_name
    settings_parameter = aws_ssm_parameter.settings.name
    triage_log_group   = aws_cloudwatch_log_group.triage.name
    webhooks_secret    = module.webhooks.name
  }
}
