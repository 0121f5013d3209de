# Every push to a branch starts the machine, which knows the branches that are deployed; so does a run's end that it could not tell.
locals {
  pushes = {
    source      = ["aws.codecommit"]
    detail-type = ["CodeCommit Repository State Change"]
    resources   = [local.repository_arn]
    detail      = { referenceType = ["branch"] }
  }

  # A run that failed and said so itself is seen to have ended, and nothing more is done about it. The event does not tell what
  # an encrypted run was started with: the machine looks it up, and leaves alone what was itself started about an end.
  ends = {
    source      = ["aws.states"]
    detail-type = ["Step Functions Execution Status Change"]
    detail = {
      stateMachineArn = [module.state_machine.state_machine_arn]
      status          = ["ABORTED", "FAILED", "TIMED_OUT"]
    }
  }
}

module "trigger" {
  source = "../../event_trigger"

  name          = "gitops_pipeline_pushes"
  description   = "Pushes to the repository's branches start the GitOps pipeline."
  foundation    = var.foundation
  runbook       = "See in the queue's messages why the machine did not start, mend it, then push an empty commit."
  event_pattern = jsonencode(local.pushes)

  target = {
    kind = "state_machine"
    arn  = module.state_machine.arn
  }
}

module "trigger_after_stop" {
  source = "../../event_trigger"

  name          = "gitops_pipeline_stopped_runs"
  description   = "Runs of the GitOps pipeline that ended without saying so are rolled back and told."
  foundation    = var.foundation
  runbook       = "See in the queue's messages which runs ended, and move the aliases back to the versions in runs/<run id>/versions.json."
  event_pattern = jsonencode(local.ends)

  target = {
    kind = "state_machine"
    arn  = module.state_machine.arn
  }
}
