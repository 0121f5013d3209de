# One light, the saved questions, the traces and the dashboard of all that the workflow is made of.
module "monitoring" {
  source = "../../monitoring"

  name       = "gitops_pipeline"
  foundation = var.foundation
  blocks = concat(
    values(module.step)[*].monitoring,
    values(module.project)[*].monitoring,
    values(module.mirror)[*].monitoring,
    [module.state_machine.monitoring, module.trigger.monitoring, module.trigger_after_stop.monitoring],
  )
}
