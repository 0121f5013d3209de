# Where things are, for producers, people, tests and the operator commands.
output "monitoring" {
  description = "What the environment's overview shows of the workflow."
  value       = module.monitoring.monitoring
}

output "queue_processor" {
  description = "Names, addresses and ARNs of the workflow's parts."
  value = {
    queue_url                = module.queue.url
    queue_arn                = module.queue.arn
    failure_queue_url        = module.queue.failure_queue_url
    failure_queue_arn        = module.queue.failure_queue_arn
    results_table            = local.results_table.name
    totals_table             = local.totals_table.name
    totals_failure_queue_url = module.results_stream.failure_queue_url
    prices_parameter         = aws_ssm_parameter.prices.name
    triage_log_group         = aws_cloudwatch_log_group.triage.name
    function_names           = { for name, function in module.function : name => function.name }
  }
}
