# modules/event_trigger: a rule that may start its target and nothing else, and loses no event.
# The real provider, so that plans hold real policies; nothing here calls AWS.
provider "aws" {
  region                      = "us-east-1"
  access_key                  = "000000000000"
  secret_key                  = "test"
  skip_credentials_validation = true
  skip_requesting_account_id  = true
}

variables {
  name        = "sample"
  description = "Starts the sample."
  runbook     = "See in the queue's messages why nothing was started."

  event_pattern = jsonencode({ source = ["aws.s3"], detail-type = ["Object Created"] })

  target = {
    kind = "state_machine"
    arn  = "arn:aws:states:us-east-1:000000000000:stateMachine:sample:live"
  }

  foundation = {
    name                     = "sample-test"
    account_id               = "000000000000"
    partition                = "aws"
    region                   = "us-east-1"
    kms_key_arn              = "arn:aws:kms:us-east-1:000000000000:key/sample"
    alarm_topic_arn          = "arn:aws:sns:us-east-1:000000000000:alarms"
    artifacts                = "fixtures/artifacts"
    runtime                  = "python3.13"
    architecture             = "arm64"
    layer_arns               = ["arn:aws:lambda:us-east-1:000000000000:layer:libraries:1"]
    log_retention_days       = 30
    access_log_bucket        = "sample-test-access-logs"
    deletion_protection      = true
    permissions_boundary_arn = "arn:aws:iam::000000000000:policy/sample-test-boundary"
  }
}

run "starts_a_state_machine" {
  command = plan

  module {
    source = "../../modules/event_trigger"
  }

  assert {
    condition     = length(aws_iam_role.this) == 1 && length(aws_lambda_permission.this) == 0
    error_message = "A machine needs a role, not a function's permission."
  }

  assert {
    condition     = jsondecode(data.aws_iam_policy_document.permissions["start"].json).Statement[0].Resource == "arn:aws:states:us-east-1:000000000000:stateMachine:sample"
    error_message = "Step Functions authorises by the machine's own ARN."
  }

  assert {
    condition     = jsondecode(data.aws_iam_policy_document.permissions["start"].json).Statement[0].Condition.StringEquals["states:StateMachineQualifier"] == "live"
    error_message = "Only the alias may be started."
  }

  assert {
    condition     = one([for statement in jsondecode(data.aws_iam_policy_document.trust.json).Statement : statement if statement.Sid == "StartTheTarget"]).Condition.ArnEquals["aws:SourceArn"] == "arn:aws:events:us-east-1:000000000000:rule/sample-test-sample"
    error_message = "Only this rule may take the role."
  }

  assert {
    condition     = one([for statement in jsondecode(data.aws_iam_policy_document.trust.json).Statement : statement if statement.Sid == "StartTheTarget"]).Condition.StringEquals["aws:SourceAccount"] == "000000000000"
    error_message = "The trust policy must name the source account."
  }

  assert {
    condition     = one([for statement in jsondecode(data.aws_iam_policy_document.undelivered.json).Statement : statement if statement.Sid == "KeepUndeliveredEvents"]).Condition.ArnEquals["aws:SourceArn"] == "arn:aws:events:us-east-1:000000000000:rule/sample-test-sample"
    error_message = "Only this rule may send to the queue."
  }

  assert {
    condition     = aws_sqs_queue.undelivered.sqs_managed_sse_enabled && aws_sqs_queue.undelivered.message_retention_seconds == 1209600
    error_message = "Undelivered events must be kept for 14 days, encrypted."
  }

  assert {
    condition     = aws_cloudwatch_event_target.this.retry_policy[0].maximum_retry_attempts == 20
    error_message = "Delivery must be tried again, but not for ever."
  }

  assert {
    condition     = keys(aws_cloudwatch_metric_alarm.this) == ["failed_invocations", "undelivered"]
    error_message = "There must be alarms for events that start nothing."
  }
}

run "invokes_a_function" {
  command = plan

  module {
    source = "../../modules/event_trigger"
  }

  variables {
    target = { kind = "function", arn = "arn:aws:lambda:us-east-1:000000000000:function:sample:live" }
  }

  assert {
    condition     = length(aws_iam_role.this) == 0
    error_message = "A function is invoked by its resource policy, not by a role."
  }

  assert {
    condition     = aws_lambda_permission.this["invoke"].qualifier == "live" && aws_lambda_permission.this["invoke"].function_name == "sample"
    error_message = "The permission must be qualified to the alias."
  }

  assert {
    condition     = aws_lambda_permission.this["invoke"].source_arn == "arn:aws:events:us-east-1:000000000000:rule/sample-test-sample" && aws_lambda_permission.this["invoke"].source_account == "000000000000"
    error_message = "Only this rule of this account may invoke the function."
  }
}

run "listens_on_a_bus_of_its_own" {
  command = plan

  module {
    source = "../../modules/event_trigger"
  }

  variables {
    event_bus = "orders"
  }

  assert {
    condition     = one([for statement in jsondecode(data.aws_iam_policy_document.trust.json).Statement : statement if statement.Sid == "StartTheTarget"]).Condition.ArnEquals["aws:SourceArn"] == "arn:aws:events:us-east-1:000000000000:rule/orders/sample-test-sample"
    error_message = "A rule on a bus has the bus in its ARN."
  }

  assert {
    condition     = aws_cloudwatch_metric_alarm.this["failed_invocations"].dimensions["EventBusName"] == "orders"
    error_message = "The metric of such a rule has the bus as a dimension."
  }
}

run "refuses_first" {
  command = plan

  module {
    source = "../../modules/event_trigger"
  }

  variables {
    # An unqualified target.
    target = { kind = "state_machine", arn = "arn:aws:states:us-east-1:000000000000:stateMachine:sample" }

    # A pattern that is no json.
    event_pattern = "aws.s3"

    # An endless retry.
    retry = { max_attempts = 1000 }

    # A runbook without sentence.
    runbook = "see wiki"

    # A bus by its arn.
    event_bus = "arn:aws:events:us-east-1:000000000000:event-bus/orders"

    # A name with hyphens.
    name = "sample-trigger"

    # A description that is no sentence.
    description = "uploads"
  }

  expect_failures = [var.target, var.event_pattern, var.retry, var.runbook, var.event_bus, var.name, var.description]
}

run "refuses_second" {
  command = plan

  module {
    source = "../../modules/event_trigger"
  }

  variables {
    # An unknown kind.
    target = { kind = "queue", arn = "arn:aws:lambda:us-east-1:000000000000:function:sample:live" }

    # A pattern that matches everything.
    event_pattern = jsonencode({ detail = {} })

    # A patience eventbridge has not.
    retry = { max_event_age_seconds = 30 }

    # A name too long.
    name = "a_name_that_has_more_characters_than_any_role_in_iam_could_ever_have"
  }

  expect_failures = [var.target, var.event_pattern, var.retry, var.name]
}
