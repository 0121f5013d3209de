# modules/dashboard: one graph a topic, one line a label, and expressions only where numbers are turned or put together.
# The real provider, so that plans hold real bodies; nothing here calls AWS.
provider "aws" {
  region                      = "us-east-1"
  access_key                  = "000000000000"
  secret_key                  = "test"
  skip_credentials_validation = true
  skip_requesting_account_id  = true
}

variables {
  parts = [
    {
      alarms = { sample-test-one = "arn:aws:cloudwatch:us-east-1:000000000000:alarm:sample-test-one" }
      series = [
        { topic = "traffic", label = "one", namespace = "AWS/Lambda", metric = "Invocations", statistic = "Sum", dimensions = { FunctionName = "one" } },
        { topic = "duration", label = "one", namespace = "AWS/Lambda", metric = "Duration", statistic = "Maximum", dimensions = { FunctionName = "one" }, factor = 0.01 },
      ]
    },
    {
      alarms = { sample-test-two = "arn:aws:cloudwatch:us-east-1:000000000000:alarm:sample-test-two" }
      series = [
        { topic = "duration", label = "one", part = "timed_out", namespace = "AWS/States", metric = "ExecutionTime", statistic = "Maximum", dimensions = { StateMachineArn = "two" } },
        { topic = "duration", label = "one", namespace = "AWS/States", metric = "ExecutionTime", statistic = "Maximum", dimensions = { StateMachineArn = "three" } },
      ]
    },
  ]
}

run "the_overview" {
  command = plan

  module {
    source = "../../modules/dashboard"
  }

  assert {
    condition     = aws_cloudwatch_dashboard.this.dashboard_name == "sample-test"
    error_message = "The overview must have the environment's name."
  }

  assert {
    condition     = jsondecode(aws_cloudwatch_dashboard.this.dashboard_body).widgets[0].properties.alarms == [for name in ["one", "two"] : "arn:aws:cloudwatch:us-east-1:000000000000:alarm:sample-test-${name}"]
    error_message = "Every alarm must be shown."
  }

  assert {
    condition     = jsondecode(aws_cloudwatch_dashboard.this.dashboard_body).widgets[*].properties.title == ["Alarms", "Traffic", "Longest duration against its time-out"]
    error_message = "There must be a graph for what is measured, and no empty one."
  }

  assert {
    condition     = jsondecode(aws_cloudwatch_dashboard.this.dashboard_body).widgets[1].properties.metrics == [["AWS/Lambda", "Invocations", "FunctionName", "one", { id = "m0_0", stat = "Sum", label = "one", visible = true }]]
    error_message = "What is shown as it is must need no expression."
  }

  assert {
    condition     = [for row in jsondecode(aws_cloudwatch_dashboard.this.dashboard_body).widgets[2].properties.metrics : try(row[0].expression, row[1])] == ["Duration", "m0_0 * 0.010000000000", "ExecutionTime", "MAX([f0_0, m0_1])", "ExecutionTime"]
    error_message = "What has one label must be put together, after each was turned into the topic's unit."
  }

  assert {
    condition     = [for row in jsondecode(aws_cloudwatch_dashboard.this.dashboard_body).widgets[2].properties.metrics : element(row, length(row) - 1).label if try(element(row, length(row) - 1).visible, true)] == ["one", "one timed out"]
    error_message = "Of the rows of a line, one must be seen."
  }

  assert {
    condition     = jsondecode(aws_cloudwatch_dashboard.this.dashboard_body).widgets[2].properties.annotations.horizontal == [{ value = 100, label = "time-out" }]
    error_message = "Durations must be seen beside their time-out."
  }
}

run "a_workflow_s_own" {
  command = plan

  module {
    source = "../../modules/dashboard"
  }

  variables {
    name = "etl_pipeline"
  }

  assert {
    condition     = aws_cloudwatch_dashboard.this.dashboard_name == "sample-test-etl-pipeline"
    error_message = "A workflow's dashboard must have its name after the environment's."
  }
}

run "refuses_first" {
  command = plan

  module {
    source = "../../modules/dashboard"
  }

  variables {
    name  = "Sample"
    parts = [{ alarms = {}, series = [{ topic = "weather", label = "one", namespace = "N", metric = "M", statistic = "Sum", dimensions = {} }] }]
  }

  expect_failures = [var.name, var.parts]
}

run "refuses_more_alarms_than_a_widget_shows" {
  command = plan

  module {
    source = "../../modules/dashboard"
  }

  variables {
    parts = [{ alarms = { for number in range(101) : "alarm-${number}" => "arn:${number}" }, series = [] }]
  }

  expect_failures = [var.parts]
}
