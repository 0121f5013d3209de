# Where things are, for people, tests and the operator commands.
output "gitops_pipeline" {
  description = "Names, addresses and ARNs of the workflow's parts."
  value = {
    repository          = aws_codecommit_repository.this.repository_name
    repository_arn      = local.repository_arn
    clone_url           = aws_codecommit_repository.this.clone_url_http
    bucket              = module.bucket.name
    ledger_table        = aws_dynamodb_table.ledger.name
    settings_parameter  = aws_ssm_parameter.settings.name
    signing_key_arn     = aws_kms_key.signing.arn
    topic_arn           = module.topic.arn
    failures            = module.state_machine.failures
    state_machine_arn   = module.state_machine.state_machine_arn
    state_machine_alias = module.state_machine.arn
    target_prefix       = local.target_prefix
    function_names      = { for name, function in module.step : name => function.name }
    project_names       = { for name, project in merge(module.project, module.mirror) : name => project.name }
  }
}

output "monitoring" {
  description = "What the environment's overview shows of the workflow."
  value       = module.monitoring.monitoring
}
