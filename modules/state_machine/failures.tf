# What became of executions that ended badly: each waits here, as long as Step Functions would redrive it, until somebody has
# redriven or discarded it with `python -m scripts.failed_executions`. The alarms on how executions end tell of each of them; another
# one would tell of the same twice. EXPRESS machines send no events and cannot be redriven.
# https://docs.aws.amazon.com/step-functions/latest/dg/redrive-executions.html#redrive-eligibility
locals {
  captured = { for type in [var.type] : "failures" => "${local.machine_name}-failures" if type == "STANDARD" }
}

module "failures" {
  source   = "../failure_queue"
  for_each = local.captured

  foundation = var.foundation
  name       = each.value
  sender     = { rule_arn = "arn:${var.foundation.partition}:events:${var.foundation.region}:${var.foundation.account_id}:rule/${each.value}" }
}

module "capture" {
  source   = "../event_trigger"
  for_each = local.captured

  name        = "${var.name}_failures"
  description = "Executions of ${local.machine_name} that ended badly wait to be redriven."
  foundation  = var.foundation
  runbook     = "See in the queue's messages which executions are not among those to be redriven, and look after them by hand."
  target      = { kind = "queue", arn = module.failures[each.key].arn }

  event_pattern = jsonencode({
    source      = ["aws.states"]
    detail-type = ["Step Functions Execution Status Change"]
    detail = {
      stateMachineArn = [local.machine_arn]
      status          = ["ABORTED", "FAILED", "TIMED_OUT"]
    }
  })
}
