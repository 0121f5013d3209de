# Where things are, for people, tests and the operator commands; and what asks people in other machines' place.
output "approval_workflow" {
  description = "Names, addresses and ARNs of the workflow's parts."
  value = {
    api_url             = module.api.url
    api_id              = module.api.id
    api_execution_arn   = module.api.execution_arn
    stage               = module.api.stage
    failures            = module.state_machine.failures
    state_machine_arn   = module.state_machine.state_machine_arn
    state_machine_alias = module.state_machine.arn
    topic_arn           = module.topic.arn
    requests_table      = aws_dynamodb_table.this["requests"].name
    links_table         = aws_dynamodb_table.this["links"].name
    audit_table         = aws_dynamodb_table.this["audit"].name
    policy_parameter    = aws_ssm_parameter.policy.name
    link_key_secret     = module.link_key.name
    launch_template_id  = aws_launch_template.host.id
    hosts_path          = local.hosts_path
    function_names      = merge({ for name, function in merge(module.step, module.endpoint) : name => function.name }, { rotate_link_key = module.link_key.function_name })
  }
}

output "decisions" {
  description = "ARNs of the functions by which a pipeline's machine lets people decide: it makes a request, asks in rounds with a task token, and closes it; and who may be asked, and for how long."
  value = {
    open_decision    = module.endpoint["open_decision"].arn
    ask_approvers    = module.step["ask_approvers"].arn
    close_request    = module.step["close_request"].arn
    deadline_seconds = var.policy.deadline_seconds
    people           = keys(var.policy.people)
  }
}

output "monitoring" {
  description = "What the environment's overview shows of the workflow."
  value       = module.monitoring.monitoring
}
