# One light, the saved questions, the traces and the dashboard of all that the workflow is made of.
module "monitoring" {
  source = "../../monitoring"

  name       = "volume_cleanup"
  foundation = var.foundation
  blocks = concat(
    values(module.step)[*].monitoring,
    [module.state_machine.monitoring, module.schedule.monitoring],
  )
}
