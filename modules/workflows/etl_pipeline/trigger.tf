# Every object that arrives under `incoming/<dataset>/` starts the machine.
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
      bucket = { name = [aws_s3_bucket.this.bucket] }
      object = { key = [{ prefix = "incoming/" }] }
    }
  })

  target = {
    kind = "state_machine"
    arn  = module.state_machine.arn
  }
}
