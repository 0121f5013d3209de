# What sets the functions to work: messages for the one, new results for the other.
module "queue" {
  source = "../../work_queue"

  name              = "queue_processor"
  foundation        = var.foundation
  function          = { arn = module.function["process_messages"].arn, role_name = module.function["process_messages"].role_name }
  timeout_seconds   = var.limits.timeout_seconds
  max_concurrency   = var.limits.max_concurrency
  max_receive_count = var.limits.max_receive_count

  # Only what is the same in every byte is dropped: an id in use for other content has to come through, to be refused.
  fifo = var.fifo ? { deduplication = "content" } : null

  batch = {
    size           = var.limits.batch_size
    window_seconds = var.limits.window_seconds
  }

  alarms = {
    runbook = "Group the failure queue with `python -m scripts.failure_queue`; mend the cause, then redrive what can work now."
  }
}

module "results_stream" {
  source = "../../stream_source"

  name       = "queue_processor_totals"
  foundation = var.foundation
  function   = { arn = module.function["keep_totals"].arn, role_name = module.function["keep_totals"].role_name }
  stream_arn = local.results_table.stream_arn

  # A result that takes the place of an expired one is new as well; that one expired is nothing to add.
  filters = [jsonencode({ eventName = ["INSERT", "MODIFY"] })]

  alarms = {
    runbook = "Read the log of keep_totals, mend the cause, and add what the failure queue's messages point at within 24 hours."
  }
}
