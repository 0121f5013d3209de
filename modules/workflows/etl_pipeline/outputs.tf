# Where things are, for people, tests and the operator commands.
output "etl_pipeline" {
  description = "Names and ARNs of the workflow's parts."
  value = {
    bucket              = module.bucket.name
    records_table       = aws_dynamodb_table.this["records"].name
    runs_table          = aws_dynamodb_table.this["runs"].name
    contracts_path      = local.contracts_path
    failures            = module.state_machine.failures
    state_machine_arn   = module.state_machine.state_machine_arn
    state_machine_alias = module.state_machine.arn
    topic_arn           = module.topic.arn
    function_names      = { for name, function in module.function : name => function.name }
  }
}

output "monitoring" {
  description = "What the environment's overview shows of the workflow."
  value       = module.monitoring.monitoring
}
