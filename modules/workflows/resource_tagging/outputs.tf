# Where things are, for people, tests and the operator commands.
output "monitoring" {
  description = "What the environment's overview shows of the workflow."
  value       = module.monitoring.monitoring
}

output "resource_tagging" {
  description = "Names of the workflow's parts. They hear of nothing unless a trail of the account, which is not made here, logs management events that write."
  value = {
    rule           = module.trigger.rule_name
    schedule       = module.schedule.name
    function_names = { for name, function in module.function : name => function.name }
  }
}
