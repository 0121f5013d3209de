# One light, the saved questions, the traces and the dashboard of all that the workflow is made of.
module "monitoring" {
  source = "../../monitoring"

  name       = "notifications"
  foundation = var.foundation
  blocks     = [module.function.monitoring, module.queue.monitoring, module.trigger.monitoring, module.webhooks.monitoring]
}
