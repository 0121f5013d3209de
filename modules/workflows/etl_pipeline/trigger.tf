# Every object that arrives under `incoming/<dataset>/` starts the machine; so does a run's end that it could not tell.
module "trigger" {
  source = "../../event_trigger"

  name        = "etl_pipeline_uploads"
  description = "Uploads under incoming/ start the ETL pipeline."
  foundation  = var.foundation
  runbook     = "See in the queue's messages why the machine did not start, mend it, then upload the files again."

  event_pattern = jsonencode({
    source      = ["aws.s3"]
    detail-type = ["Object Created"]
    detail = {
      bucket = { name = [module.bucket.name] }
      object = { key = [{ prefix = "incoming/" }] }
    }
  })

  target = {
    kind = "state_machine"
    arn  = module.state_machine.arn
  }
}

module "trigger_after_stop" {
  source = "../../event_trigger"

  name        = "etl_pipeline_stopped_runs"
  description = "Runs of the ETL pipeline that were stopped or timed out are recorded as failed."
  foundation  = var.foundation
  runbook     = "See in the queue's messages which runs were stopped, then run each of them again by its upload."

  event_pattern = jsonencode({
    source      = ["aws.states"]
    detail-type = ["Step Functions Execution Status Change"]
    detail = {
      stateMachineArn = [module.state_machine.state_machine_arn]
      status          = ["ABORTED", "TIMED_OUT"]
    }
  })

  target = {
    kind = "state_machine"
    arn  = module.state_machine.arn
  }
}
