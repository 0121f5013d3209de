# modules/monitoring: one light that tells nobody, saved queries for the logs there are, traces of all services.
# The real provider, so that plans hold real rules; nothing here calls AWS.
provider "aws" {
  region                      = "us-east-1"
  access_key                  = "000000000000"
  secret_key                  = "test"
  skip_credentials_validation = true
  skip_requesting_account_id  = true
}

variables {
  name = "approval_workflow"

  blocks = [
    {
      alarms   = { sample-test-b-errors = "arn:b", sample-test-a-errors = "arn:a" }
      logs     = [{ kind = "function", name = "/aws/lambda/b" }, { kind = "function", name = "/aws/lambda/a" }]
      services = ["a", "b"]
      series   = [{ topic = "traffic", label = "a", namespace = "AWS/Lambda", metric = "Invocations", statistic = "Sum", dimensions = { FunctionName = "a" } }]
    },
    { alarms = { sample-test-promises = "arn:c" } },
  ]
}

run "a_workflow" {
  command = plan

  module {
    source = "../../modules/monitoring"
  }

  assert {
    condition     = aws_cloudwatch_composite_alarm.this.alarm_rule == "ALARM(\"sample-test-a-errors\") OR ALARM(\"sample-test-b-errors\") OR ALARM(\"sample-test-promises\")"
    error_message = "Any of the workflow's alarms must switch the light on."
  }

  assert {
    condition     = aws_cloudwatch_composite_alarm.this.alarm_actions == null && aws_cloudwatch_composite_alarm.this.ok_actions == null
    error_message = "Each alarm tells by itself: a light that told as well would tell everything twice."
  }

  assert {
    condition     = keys(aws_cloudwatch_query_definition.this) == ["cold_starts", "errors_in_functions", "slowest_calls"]
    error_message = "Queries must be saved for the kinds of logs that the workflow has."
  }

  assert {
    condition     = aws_cloudwatch_query_definition.this["cold_starts"].name == "sample-test/approval_workflow/cold_starts" && aws_cloudwatch_query_definition.this["cold_starts"].log_group_names == tolist(["/aws/lambda/a", "/aws/lambda/b"])
    error_message = "A query must be found by the workflow, and ask all of its logs."
  }

  assert {
    condition     = aws_xray_group.this.filter_expression == "service(\"a\") OR service(\"b\")" && aws_xray_group.this.group_name == "sample-test-approval-workflow"
    error_message = "The group must have the traces of every service."
  }

  assert {
    condition     = length(module.dashboard) == 0
    error_message = "Without a word from the environment there must be no dashboard to pay for."
  }

  assert {
    condition     = output.monitoring.series[*].label == ["approval_workflow"] && keys(output.monitoring.alarms) == ["sample-test-approval-workflow"]
    error_message = "The overview must get one line and one light."
  }
}

run "where_dashboards_are_paid_for" {
  command = plan

  module {
    source = "../../modules/monitoring"
  }

  variables {
    foundation = { name = "workflows-long-name", region = "us-east-1", dashboards = "workflows" }
  }

  assert {
    condition     = module.dashboard["approval_workflow"].name == "workflows-long-name-approval-workflow"
    error_message = "The workflow must have its dashboard."
  }

  assert {
    condition     = aws_xray_group.this.group_name == "workflows-long-name-approval-wor"
    error_message = "X-Ray takes names of 32 characters."
  }
}

run "refuses_first" {
  command = plan

  module {
    source = "../../modules/monitoring"
  }

  variables {
    name   = "Sample"
    blocks = []
  }

  expect_failures = [var.name, var.blocks]
}
