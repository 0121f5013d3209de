# One light, the saved questions, the traces and the dashboard of all that the workflow is made of.
module "monitoring" {
  source = "../../monitoring"

  name       = "idle_resources"
  foundation = var.foundation
  blocks = concat(
    values(module.step)[*].monitoring,
    [module.state_machine.monitoring, module.schedule.monitoring],
  )
}
