# One light, the saved questions, the traces and the dashboard of all that the workflow is made of.
module "monitoring" {
  source = "../../monitoring"

  name       = "approval_workflow"
  foundation = var.foundation
  blocks = concat(
    values(module.step)[*].monitoring,
    values(module.endpoint)[*].monitoring,
    [module.state_machine.monitoring, module.api.monitoring, module.decisions.monitoring, module.link_key.monitoring],
  )
}
