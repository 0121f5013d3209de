# The order of the steps: statemachines/etl_pipeline.asl.json.
module "state_machine" {
  source = "../../state_machine"

  name       = "etl_pipeline"
  definition = "${path.module}/../../../statemachines/etl_pipeline.asl.json"
  foundation = var.foundation

  resources = merge({ for name, function in module.function : name => function.arn }, {
    bucket = "${module.bucket.arn}/runs/*"
    topic  = module.topic.arn
  })

  # A run that was stopped is recorded as failed, and its file put aside, by another run.
  run_again = "Run it again with `python -m scripts.etl redrive`, or upload the file again."

  alarms = {
    runbook = "Read the run's error in the ledger table; mend the file, the contract or the code, then redrive the run."
  }
}
