# One light, the saved questions, the traces and the dashboard of all that the workflow is made of.
module "monitoring" {
  source = "../../monitoring"

  name       = "queue_processor"
  foundation = var.foundation
  blocks = concat(
    values(module.function)[*].monitoring,
    [module.queue.monitoring, module.results_stream.monitoring],
  )
}
