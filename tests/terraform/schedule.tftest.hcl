# modules/schedule: a schedule that may start its target and nothing else, and loses no start.
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
  schedule    = { expression = "cron(0 3 * * ? *)", time_zone = "Europe/Berlin", flexible_minutes = 15 }

  target = {
    kind  = "state_machine"
    arn   = "arn:aws:states:us-east-1:000000000000:stateMachine:sample:live"
    input = jsonencode({ slot = "<aws.scheduler.scheduled-time>" })
  }
}

run "starts_a_state_machine" {
  command = plan

  module {
    source = "../../modules/schedule"
  }

  assert {
    condition     = one([for statement in jsondecode(data.aws_iam_policy_document.permissions.json).Statement : statement if statement.Sid == "StartTheStateMachine"]).Resource == "arn:aws:states:us-east-1:000000000000:stateMachine:sample"
    error_message = "Step Functions authorises by the machine's own ARN."
  }

  assert {
    condition     = one([for statement in jsondecode(data.aws_iam_policy_document.permissions.json).Statement : statement if statement.Sid == "StartTheStateMachine"]).Condition.StringEquals["states:StateMachineQualifier"] == "live"
    error_message = "Only the alias may be started."
  }

  assert {
    condition     = [for statement in jsondecode(data.aws_iam_policy_document.permissions.json).Statement : statement.Sid] == ["StartTheStateMachine", "KeepUndelivered", "UseTheKeyForUndelivered"]
    error_message = "The role may start its target and keep what was not started, and nothing else."
  }

  assert {
    condition     = one([for statement in jsondecode(data.aws_iam_policy_document.trust.json).Statement : statement if statement.Sid == "StartTheTarget"]).Condition.ArnEquals["aws:SourceArn"] == "arn:aws:scheduler:us-east-1:000000000000:schedule-group/sample-test-sample"
    error_message = "Only this schedule's group may take the role."
  }

  assert {
    condition     = one([for statement in jsondecode(data.aws_iam_policy_document.trust.json).Statement : statement if statement.Sid == "StartTheTarget"]).Condition.StringEquals["aws:SourceAccount"] == "000000000000"
    error_message = "The trust policy must name the source account."
  }

  assert {
    condition     = aws_scheduler_schedule.this.group_name == aws_scheduler_schedule_group.this.name && aws_scheduler_schedule_group.this.name == "sample-test-sample"
    error_message = "The schedule must lie in the group that its role trusts."
  }

  assert {
    condition     = aws_scheduler_schedule.this.schedule_expression_timezone == "Europe/Berlin" && aws_scheduler_schedule.this.flexible_time_window[0].mode == "FLEXIBLE" && aws_scheduler_schedule.this.flexible_time_window[0].maximum_window_in_minutes == 15
    error_message = "It must start at the environment's time, within its window."
  }

  assert {
    condition     = aws_scheduler_schedule.this.target[0].input == "{\"slot\":\"<aws.scheduler.scheduled-time>\"}"
    error_message = "Scheduler knows the moment's placeholder in its own brackets only."
  }

  assert {
    condition     = aws_scheduler_schedule.this.target[0].retry_policy[0].maximum_retry_attempts == 20 && aws_scheduler_schedule.this.target[0].retry_policy[0].maximum_event_age_in_seconds == 3600
    error_message = "A start must be tried again, but not for ever."
  }

  assert {
    condition     = keys(aws_cloudwatch_metric_alarm.this) == ["dropped", "undelivered"] && alltrue([for alarm in aws_cloudwatch_metric_alarm.this : endswith(alarm.alarm_description, var.runbook)])
    error_message = "There must be alarms for starts that did not happen, with the runbook."
  }
}

run "invokes_a_function" {
  command = plan

  module {
    source = "../../modules/schedule"
  }

  variables {
    schedule = { expression = "rate(1 hour)" }
    target   = { kind = "function", arn = "arn:aws:lambda:us-east-1:000000000000:function:sample:live" }
  }

  assert {
    condition     = one([for statement in jsondecode(data.aws_iam_policy_document.permissions.json).Statement : statement if statement.Sid == "InvokeTheFunction"]).Resource == var.target.arn
    error_message = "Only the alias may be invoked."
  }

  assert {
    condition     = aws_scheduler_schedule.this.flexible_time_window[0].mode == "OFF" && aws_scheduler_schedule.this.schedule_expression_timezone == "UTC" && aws_scheduler_schedule.this.target[0].input == "{}"
    error_message = "Without a window, it must start at the moment itself."
  }
}

run "refuses_first" {
  command = plan

  module {
    source = "../../modules/schedule"
  }

  variables {
    # A name in the wrong case.
    name = "Sample-Schedule"

    # No sentence.
    description = "starts the sample"

    # Words that tell nobody what to do.
    runbook = "Ask around."

    # More attempts than Scheduler makes.
    retry = { max_attempts = 186 }

    # Five fields, as in a crontab.
    schedule = { expression = "cron(0 3 * * *)" }

    # A kind that is not known.
    target = { kind = "queue", arn = "arn:aws:lambda:us-east-1:000000000000:function:sample:live" }
  }

  expect_failures = [var.name, var.description, var.runbook, var.retry, var.schedule, var.target]
}

run "refuses_second" {
  command = plan

  module {
    source = "../../modules/schedule"
  }

  variables {
    # A name too long for a role.
    name = "sample_with_a_name_that_is_longer_than_roles_can_be"

    # A start older than a day.
    retry = { max_event_age_seconds = 86401 }

    # An offset for a time zone.
    schedule = { expression = "rate(1 hour)", time_zone = "+01:00" }

    # A function, not its alias.
    target = { kind = "function", arn = "arn:aws:lambda:us-east-1:000000000000:function:sample" }
  }

  expect_failures = [var.name, var.retry, var.schedule, var.target]
}

run "refuses_third" {
  command = plan

  module {
    source = "../../modules/schedule"
  }

  variables {
    # A window of more than a day.
    schedule = { expression = "rate(7 days)", flexible_minutes = 1441 }

    # An input that is no object.
    target = { kind = "function", arn = "arn:aws:lambda:us-east-1:000000000000:function:sample:live", input = "[]" }
  }

  expect_failures = [var.schedule, var.target]
}
