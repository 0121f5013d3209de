# One light, the saved questions, the traces and the dashboard of all that the workflow is made of.
module "monitoring" {
  source = "../../monitoring"

  name       = "etl_pipeline"
  foundation = var.foundation
  blocks = concat(
    values(module.function)[*].monitoring,
    [module.state_machine.monitoring, module.trigger.monitoring, module.trigger_after_stop.monitoring],
  )
}
