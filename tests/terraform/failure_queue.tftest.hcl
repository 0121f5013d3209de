# modules/failure_queue: kept as long as SQS can, and from one sender only.
# The real provider, so that plans hold real policies; nothing here calls AWS.
provider "aws" {
  region                      = "us-east-1"
  access_key                  = "000000000000"
  secret_key                  = "test"
  skip_credentials_validation = true
  skip_requesting_account_id  = true
}

variables {
  name   = "sample-test-sample-failures"
  sender = { role_arn = "arn:aws:iam::000000000000:role/sample-test-sample" }
}

run "keeps_what_one_role_sends" {
  command = plan

  module {
    source = "../../modules/failure_queue"
  }

  assert {
    condition     = aws_sqs_queue.this.name == "sample-test-sample-failures" && aws_sqs_queue.this.message_retention_seconds == 1209600 && aws_sqs_queue.this.kms_master_key_id == var.foundation.kms_key_arn
    error_message = "Failures must be kept for fourteen days, encrypted with the foundation's key."
  }

  assert {
    condition     = one([for statement in jsondecode(data.aws_iam_policy_document.queue.json).Statement : statement if statement.Sid == "RefuseOtherSenders"]).Condition.ArnNotEquals["aws:PrincipalArn"] == "arn:aws:iam::000000000000:role/sample-test-sample"
    error_message = "Nobody else may send."
  }

  assert {
    condition     = one([for statement in jsondecode(data.aws_iam_policy_document.queue.json).Statement : statement if statement.Sid == "RefusePlainHttp"]).Condition.Bool["aws:SecureTransport"] == "false"
    error_message = "Plain HTTP must be refused."
  }

  assert {
    condition     = output.arn_in_policies == "arn:aws:sqs:us-east-1:000000000000:sample-test-sample-failures"
    error_message = "Policies are written before the queue is there."
  }
}

run "keeps_what_a_rule_could_not_deliver" {
  command = plan

  module {
    source = "../../modules/failure_queue"
  }

  variables {
    sender = { rule_arn = "arn:aws:events:us-east-1:000000000000:rule/sample-test-sample" }
  }

  assert {
    condition     = [for statement in jsondecode(data.aws_iam_policy_document.queue.json).Statement : statement.Condition.ArnEquals["aws:SourceArn"] if statement.Effect == "Allow"] == ["arn:aws:events:us-east-1:000000000000:rule/sample-test-sample"]
    error_message = "EventBridge may send for this rule only."
  }
}

run "refuses_first" {
  command = plan

  module {
    source = "../../modules/failure_queue"
  }

  variables {
    # A FIFO queue's name.
    name = "sample.fifo"

    # Nobody who sends.
    sender = {}
  }

  expect_failures = [var.name, var.sender]
}
