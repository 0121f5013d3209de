# Where things are, for people, tests and the operator commands.
output "approval_workflow" {
  description = "Names, addresses and ARNs of the workflow's parts."
  value = {
    api_url             = module.api.url
    api_id              = module.api.id
    api_execution_arn   = module.api.execution_arn
    stage               = module.api.stage
    state_machine_arn   = module.state_machine.state_machine_arn
    state_machine_alias = module.state_machine.arn
    topic_arn           = aws_sns_topic.this.arn
    requests_table      = aws_dynamodb_table.this["requests"].name
    links_table         = aws_dynamodb_table.this["links"].name
    audit_table         = aws_dynamodb_table.this["audit"].name
    policy_parameter    = aws_ssm_parameter.policy.name
    link_key_secret     = aws_secretsmanager_secret.link_key.name
    launch_template_id  = aws_launch_template.host.id
    hosts_path          = local.hosts_path
    function_names      = { for name, function in merge(module.step, module.endpoint) : name => function.name }
  }
}
