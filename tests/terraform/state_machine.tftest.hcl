# modules/state_machine: the role follows from the definition, and what cannot be derived fails the plan.
# The real provider, so that plans hold real policies; nothing here calls AWS.
provider "aws" {
  region                      = "us-east-1"
  access_key                  = "000000000000"
  secret_key                  = "test"
  skip_credentials_validation = true
  skip_requesting_account_id  = true
}

variables {
  name       = "sample"
  definition = "fixtures/definitions/simple.asl.json"
  resources  = { function = "arn:aws:lambda:us-east-1:000000000000:function:sample:live" }
  alarms     = { runbook = "Look at the last failed execution and redrive it." }

  foundation = {
    name               = "sample-test"
    account_id         = "000000000000"
    partition          = "aws"
    region             = "us-east-1"
    kms_key_arn        = "arn:aws:kms:us-east-1:000000000000:key/sample"
    alarm_topic_arn    = "arn:aws:sns:us-east-1:000000000000:alarms"
    log_retention_days = 30
  }
}

# Step Functions would be asked to validate a definition that holds no unknown ARN.
override_resource {
  target = aws_sfn_state_machine.this
  values = { arn = "arn:aws:states:us-east-1:000000000000:stateMachine:sample-test-sample" }
}

run "a_simple_machine" {
  command = plan

  module {
    source = "../../modules/state_machine"
  }

  assert {
    condition     = jsondecode(data.aws_iam_policy_document.permissions.json).Statement[0].Resource == var.resources.function
    error_message = "The role must invoke exactly the alias it was given."
  }
}

run "unused_placeholder" {
  command = plan

  module {
    source = "../../modules/state_machine"
  }

  variables {
    resources = {
      function = "arn:aws:lambda:us-east-1:000000000000:function:sample:live"
      topic    = "arn:aws:sns:us-east-1:000000000000:sample"
    }
  }

  expect_failures = [var.resources]
}
