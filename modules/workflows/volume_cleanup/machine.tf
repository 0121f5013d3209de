# The order of the steps: statemachines/volume_cleanup.asl.json; and when it runs.
module "state_machine" {
  source = "../../state_machine"

  name       = "volume_cleanup"
  definition = "${path.module}/../../../statemachines/volume_cleanup.asl.json"
  foundation = var.foundation

  resources = merge({ for name, function in module.step : name => function.arn }, {
    bucket = module.store.plans_arn
    topic  = module.store.topic_arn
  })

  alarms = {
    runbook = "Read the run's report: over a limit nothing was touched, and a failed item says why; then start the machine again, or raise the limit."
  }
}

module "schedule" {
  source = "../../schedule"

  name        = "volume_cleanup"
  description = "Starts the volume clean-up."
  foundation  = var.foundation
  schedule    = var.schedule
  target      = { kind = "state_machine", arn = module.state_machine.arn }
  runbook     = "See in the queue why nothing started, mend it, then start the machine by hand; its input does not matter."
}
