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

run "fills_a_queue" {
  command = plan

  module {
    source = "../../modules/event_trigger"
  }

  variables {
    target = { kind = "queue", arn = "arn:aws:sqs:us-east-1:000000000000:sample-test-sample" }
  }

  assert {
    condition     = length(aws_iam_role.this) == 0 && length(aws_lambda_permission.this) == 0 && aws_cloudwatch_event_target.this.role_arn == null
    error_message = "A queue is reached by its own policy, without a role: with one, EventBridge may fail to encrypt."
  }

  assert {
    condition     = output.rule_arn == "arn:aws:events:us-east-1:000000000000:rule/sample-test-sample"
    error_message = "The queue's policy must be able to name the rule."
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

run "refuses_third" {
  command = plan

  module {
    source = "../../modules/event_trigger"
  }

  variables {
    # A FIFO queue, which needs a group for each event.
    target = { kind = "queue", arn = "arn:aws:sqs:us-east-1:000000000000:sample.fifo" }
  }

  expect_failures = [var.target]
}

run "refuses_second" {
  command = plan

  module {
    source = "../../modules/event_trigger"
  }

  variables {
    # An unknown kind.
    target = { kind = "topic", arn = "arn:aws:lambda:us-east-1:000000000000:function:sample:live" }

    # A pattern that matches everything.
    event_pattern = jsonencode({ detail = {} })

    # A patience eventbridge has not.
    retry = { max_event_age_seconds = 30 }

    # A name too long.
    name = "a_name_that_has_more_characters_than_any_role_in_iam_could_ever_have"
  }

  expect_failures = [var.target, var.event_pattern, var.retry, var.name]
}
