# The order of the steps: statemachines/etl_pipeline.asl.json.
module "state_machine" {
  source = "../../state_machine"

  name       = "etl_pipeline"
  definition = "${path.module}/../../../statemachines/etl_pipeline.asl.json"
  foundation = var.foundation

  resources = merge({ for name, function in module.function : name => function.arn }, {
    bucket = "${aws_s3_bucket.this.arn}/runs/*"
    topic  = aws_sns_topic.this.arn
  })

  alarms = {
    runbook = "Read the run's error in the ledger table; mend the file, the contract or the code, then redrive the run."
  }
}
