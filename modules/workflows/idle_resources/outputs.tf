# Where things are, for people, tests and the operator commands.
output "idle_resources" {
  description = "Names and ARNs of the workflow's parts; `workflow` is what stopped instances are signed with."
  value = {
    workflow            = local.workflow
    bucket              = module.store.environment.BUCKET
    ledger_table        = module.store.environment.LEDGER_TABLE
    settings_parameter  = module.store.settings_parameter
    topic_arn           = module.store.topic_arn
    failures            = module.state_machine.failures
    state_machine_arn   = module.state_machine.state_machine_arn
    state_machine_alias = module.state_machine.arn
    schedule            = module.schedule.name
    function_names      = { for name, function in module.step : name => function.name }
  }
}

output "monitoring" {
  description = "What the environment's overview shows of the workflow."
  value       = module.monitoring.monitoring
}
