# modules/stream_source: a table's changes reach one function, in order and with bounded retries; what is given up is told.
# The real provider, so that plans hold real policies; nothing here calls AWS.
provider "aws" {
  region                      = "us-east-1"
  access_key                  = "000000000000"
  secret_key                  = "test"
  skip_credentials_validation = true
  skip_requesting_account_id  = true
}

variables {
  name       = "sample_changes"
  stream_arn = "arn:aws:dynamodb:us-east-1:000000000000:table/sample-test-sample/stream/2026-11-23T00:00:00.000"
  function   = { arn = "arn:aws:lambda:us-east-1:000000000000:function:sample:live", role_name = "sample-test-sample-function" }
  alarms     = { runbook = "Read the function's log and mend the cause." }
}

run "a_safe_source_by_default" {
  command = plan

  module {
    source = "../../modules/stream_source"
  }

  assert {
    condition     = aws_lambda_event_source_mapping.this.function_name == var.function.arn && aws_lambda_event_source_mapping.this.event_source_arn == var.stream_arn
    error_message = "The stream must go to the alias."
  }

  assert {
    condition     = aws_lambda_event_source_mapping.this.starting_position == "TRIM_HORIZON"
    error_message = "No change may be passed over when the mapping is made anew."
  }

  assert {
    condition     = aws_lambda_event_source_mapping.this.bisect_batch_on_function_error && aws_lambda_event_source_mapping.this.function_response_types == toset(["ReportBatchItemFailures"])
    error_message = "One bad record must not bring the others down."
  }

  assert {
    condition     = aws_lambda_event_source_mapping.this.maximum_retry_attempts == 10 && aws_lambda_event_source_mapping.this.maximum_record_age_in_seconds == 21600
    error_message = "Retries must be bounded."
  }

  assert {
    condition     = [for statement in jsondecode(data.aws_iam_policy_document.consumer.json).Statement : statement.Sid] == ["ReadTheStream", "FindTheStream", "DecryptTheStream", "KeepFailedRecords"]
    error_message = "The role must be given what the mapping needs, and nothing else."
  }

  assert {
    condition     = one([for statement in jsondecode(data.aws_iam_policy_document.consumer.json).Statement : statement if statement.Sid == "ReadTheStream"]).Resource == var.stream_arn
    error_message = "The role may read this stream only."
  }

  assert {
    condition     = one([for statement in jsondecode(data.aws_iam_policy_document.consumer.json).Statement : statement if statement.Sid == "DecryptTheStream"]).Condition.StringEquals["kms:ViaService"] == "dynamodb.us-east-1.amazonaws.com"
    error_message = "The key may be used through DynamoDB only."
  }

  assert {
    condition     = keys(aws_cloudwatch_metric_alarm.this) == ["failures", "iterator_age"]
    error_message = "There must be alarms for falling behind and for giving up."
  }

  assert {
    condition     = aws_cloudwatch_metric_alarm.this["iterator_age"].threshold == 300000 && aws_cloudwatch_metric_alarm.this["iterator_age"].dimensions == tomap({ FunctionName = "sample", Resource = "sample:live" })
    error_message = "The age is watched in milliseconds, at the alias."
  }

  assert {
    condition     = alltrue([for alarm in aws_cloudwatch_metric_alarm.this : alarm.alarm_actions == alarm.ok_actions && endswith(alarm.alarm_description, var.alarms.runbook)])
    error_message = "Alarms must tell when they fire and when they recover, with the runbook."
  }
}

run "only_some_records" {
  command = plan

  module {
    source = "../../modules/stream_source"
  }

  variables {
    filters           = ["{\"eventName\": [\"INSERT\"]}"]
    starting_position = "LATEST"
  }

  assert {
    condition     = one(one(aws_lambda_event_source_mapping.this.filter_criteria).filter).pattern == var.filters[0]
    error_message = "Records must be filtered."
  }

  assert {
    condition     = aws_lambda_event_source_mapping.this.starting_position == "LATEST"
    error_message = "A mapping may begin with the next change."
  }
}

run "refuses_first" {
  command = plan

  module {
    source = "../../modules/stream_source"
  }

  variables {
    # The table instead of its stream.
    stream_arn = "arn:aws:dynamodb:us-east-1:000000000000:table/sample-test-sample"

    # The function itself instead of its alias.
    function = { arn = "arn:aws:lambda:us-east-1:000000000000:function:sample", role_name = "sample" }

    # A position that streams of DynamoDB have not.
    starting_position = "AT_TIMESTAMP"

    # A filter by what records do not have.
    filters = ["{\"body\": [\"INSERT\"]}"]

    # An alarm after all is lost.
    alarms = { runbook = "Read the function's log and mend the cause.", iterator_age_seconds = 40000 }

    # More at a time than a shard allows.
    batch = { parallel_per_shard = 11 }

    # A name with hyphens.
    name = "sample-changes"
  }

  expect_failures = [var.stream_arn, var.function, var.starting_position, var.filters, var.alarms, var.batch, var.name]
}

run "refuses_second" {
  command = plan

  module {
    source = "../../modules/stream_source"
  }

  variables {
    # To give up when the stream has already forgotten.
    retry = { max_record_age_seconds = 86400 }

    # No records.
    batch = { size = 0 }

    # More filters than Lambda takes.
    filters = [for number in range(6) : "{\"eventName\": [\"INSERT\"]}"]

    # A name too long.
    name = "a_name_that_has_more_characters_than_the_queue_of_a_stream_could_ever_have_had"
  }

  expect_failures = [var.retry, var.batch, var.filters, var.name]
}

run "refuses_third" {
  command = plan

  module {
    source = "../../modules/stream_source"
  }

  variables {
    # Endless retries.
    retry = { max_attempts = -1 }

    # To gather for too long.
    batch = { window_seconds = 301 }
  }

  expect_failures = [var.retry, var.batch]
}

run "refuses_fourth" {
  command = plan

  module {
    source = "../../modules/stream_source"
  }

  variables {
    # A runbook without sentence.
    alarms = { runbook = "see wiki" }
  }

  expect_failures = [var.alarms]
}
