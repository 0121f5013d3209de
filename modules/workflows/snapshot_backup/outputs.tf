# Where things are, for people, tests and the operator commands.
output "monitoring" {
  description = "What the environment's overview shows of the workflow."
  value       = module.monitoring.monitoring
}

output "snapshot_backup" {
  description = "Names and ARNs of the workflow's parts; `workflow` is the tag that its snapshots carry."
  value = {
    workflow            = local.workflow
    bucket              = module.store.environment.BUCKET
    ledger_table        = module.store.environment.LEDGER_TABLE
    settings_parameter  = module.store.settings_parameter
    topic_arn           = module.store.topic_arn
    failures            = module.state_machine.failures
    state_machine_arn   = module.state_machine.state_machine_arn
    state_machine_alias = module.state_machine.arn
    schedules           = { for task, schedule in module.schedule : task => schedule.name }
    function_names      = { for name, function in module.step : name => function.name }
  }
}
