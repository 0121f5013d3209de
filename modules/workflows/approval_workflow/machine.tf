# The order of the steps: statemachines/approval_workflow.asl.json; and what wakes it when a decision is stored.
module "state_machine" {
  source = "../../state_machine"

  name       = "approval_workflow"
  definition = "${path.module}/../../../statemachines/approval_workflow.asl.json"
  foundation = var.foundation

  resources = merge({ for name, function in module.step : name => function.arn }, {
    requests_table = aws_dynamodb_table.this["requests"].arn
    topic          = module.topic.arn
  })

  alarms = {
    runbook = "See with the operator commands which request failed and why; its host was ended, and it can be asked for again."
  }
}

# A decision is only stored by who takes it. That it reaches the machine follows from that, however often a function dies.
module "decisions" {
  source = "../../stream_source"

  name       = "approval_workflow_decisions"
  foundation = var.foundation
  function   = { arn = module.endpoint["resume_workflow"].arn, role_name = module.endpoint["resume_workflow"].role_name }
  stream_arn = aws_dynamodb_table.this["requests"].stream_arn
  batch      = { size = 10 }

  filters = [jsonencode({
    eventName = ["INSERT", "MODIFY"]
    dynamodb  = { NewImage = { status = { S = ["APPROVED", "REJECTED"] }, task_token = { S = [{ exists = true }] } } }
  })]

  alarms = {
    runbook = "Read the log of resume_workflow; requests decided meanwhile go on at their next reminder or deadline."
  }
}
