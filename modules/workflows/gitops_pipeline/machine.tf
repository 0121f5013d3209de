# The order of the steps: statemachines/gitops_pipeline.asl.json.
locals {
  definition = "${path.module}/../../../statemachines/gitops_pipeline.asl.json"

  approvals = { for name in ["ask_approvers", "close_request", "open_decision"] : name => var.approvals[name] }
}

module "state_machine" {
  source = "../../state_machine"

  name       = "gitops_pipeline"
  definition = local.definition
  foundation = var.foundation

  resources = merge(
    { for name, function in module.step : name => function.arn },
    { for name, project in module.project : name => project.arn },
    local.approvals,
    { repository = local.repository_arn, topic = module.topic.arn },
  )

  # A run that ended without saying so is rolled back, and its lock released, by another run.
  run_again = "Push an empty commit, which begins a run of its own."

  alarms = {
    runbook = "Read the run's report: what was deployed went back to the last good versions; mend the code and push again."
  }
}
