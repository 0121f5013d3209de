# The order of the steps: statemachines/idle_resources.asl.json; and how often it looks what should run now.
module "state_machine" {
  source = "../../state_machine"

  name       = "idle_resources"
  definition = "${path.module}/../../../statemachines/idle_resources.asl.json"
  foundation = var.foundation

  resources = merge({ for name, function in module.step : name => function.arn }, {
    topic = module.store.topic_arn
  })

  alarms = {
    runbook = "Read the run's report: over a limit nothing was stopped, and a failed item says why; the next run tries again by itself."
  }
}

module "schedule" {
  source = "../../schedule"

  name        = "idle_resources"
  description = "Looks which instances and groups should run now."
  foundation  = var.foundation
  schedule    = var.schedule
  target      = { kind = "state_machine", arn = module.state_machine.arn }
  runbook     = "See in the queue why nothing started and mend it; the next run sees to what should be by then."
}
