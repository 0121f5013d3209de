# modules/work_queue: a queue that loses nothing, worked off by one function at a bounded pace; values that contradict fail the plan.
# The real provider, so that plans hold real policies; nothing here calls AWS.
provider "aws" {
  region                      = "us-east-1"
  access_key                  = "000000000000"
  secret_key                  = "test"
  skip_credentials_validation = true
  skip_requesting_account_id  = true
}

variables {
  name            = "sample"
  timeout_seconds = 10
  function        = { arn = "arn:aws:lambda:us-east-1:000000000000:function:sample:live", role_name = "sample-test-sample-function" }
  alarms          = { runbook = "Look at the failure queue's messages and mend the cause." }
}

run "a_safe_queue_by_default" {
  command = plan

  module {
    source = "../../modules/work_queue"
  }

  assert {
    condition     = aws_sqs_queue.this.name == "sample-test-sample" && aws_sqs_queue.failures.name == "sample-test-sample-failures"
    error_message = "The AWS names are the foundation's and the module's, with hyphens."
  }

  assert {
    condition     = aws_sqs_queue.this.kms_master_key_id == var.foundation.kms_key_arn && aws_sqs_queue.failures.kms_master_key_id == var.foundation.kms_key_arn
    error_message = "Messages must be encrypted with the foundation's key."
  }

  assert {
    condition     = aws_sqs_queue.this.visibility_timeout_seconds == 60
    error_message = "A message must stay hidden six times the function's timeout."
  }

  assert {
    condition     = aws_sqs_queue.failures.message_retention_seconds == 1209600
    error_message = "Failures must be kept for 14 days."
  }

  assert {
    condition     = aws_sqs_queue.this.message_retention_seconds < aws_sqs_queue.failures.message_retention_seconds
    error_message = "Messages must not reach the failure queue at the end of their days."
  }

  assert {
    condition     = jsondecode(aws_sqs_queue.failures.redrive_allow_policy) == { redrivePermission = "byQueue", sourceQueueArns = ["arn:aws:sqs:us-east-1:000000000000:sample-test-sample"] }
    error_message = "Only this queue may give messages up to its failure queue."
  }

  assert {
    condition     = alltrue([for document in data.aws_iam_policy_document.queue : jsondecode(document.json).Statement[0].Condition.Bool["aws:SecureTransport"] == "false"])
    error_message = "Both queues must refuse plain HTTP."
  }

  assert {
    condition     = !aws_sqs_queue.this.fifo_queue && !aws_sqs_queue.failures.fifo_queue
    error_message = "A standard queue is the default."
  }

  assert {
    condition     = aws_lambda_event_source_mapping.this.function_response_types == toset(["ReportBatchItemFailures"])
    error_message = "One bad message must not bring the others back."
  }

  assert {
    condition     = aws_lambda_event_source_mapping.this.function_name == var.function.arn
    error_message = "The mapping must invoke the alias."
  }

  assert {
    condition     = aws_lambda_event_source_mapping.this.scaling_config[0].maximum_concurrency == 10
    error_message = "What is downstream must be protected."
  }

  assert {
    condition     = aws_iam_role_policy.this.role == var.function.role_name
    error_message = "What polling needs must be given to the function's role."
  }

  assert {
    condition     = one([for statement in jsondecode(data.aws_iam_policy_document.consumer.json).Statement : statement if statement.Sid == "PollTheQueue"]).Resource == "arn:aws:sqs:us-east-1:000000000000:sample-test-sample"
    error_message = "The role may poll this queue only."
  }

  assert {
    condition     = one([for statement in jsondecode(data.aws_iam_policy_document.consumer.json).Statement : statement if statement.Sid == "DecryptMessages"]).Condition.StringEquals["kms:ViaService"] == "sqs.us-east-1.amazonaws.com"
    error_message = "The key may be used through SQS only."
  }

  assert {
    condition     = keys(aws_cloudwatch_metric_alarm.this) == ["age", "failures"] && aws_cloudwatch_metric_alarm.this["failures"].dimensions == tomap({ QueueName = "sample-test-sample-failures" })
    error_message = "There must be alarms for messages that wait and for those that failed."
  }

  assert {
    condition     = aws_cloudwatch_metric_alarm.this["age"].threshold == 300
    error_message = "The age alarm follows from how long all tries of a message may take."
  }

  assert {
    condition     = toset(aws_cloudwatch_metric_alarm.backlog.metric_query[*].id) == toset(["growth", "sent", "deleted", "waiting"]) && aws_cloudwatch_metric_alarm.backlog.evaluation_periods == 3
    error_message = "There must be an alarm for a backlog that grows."
  }

  assert {
    condition     = alltrue([for alarm in concat(values(aws_cloudwatch_metric_alarm.this), [aws_cloudwatch_metric_alarm.backlog]) : alarm.alarm_actions == alarm.ok_actions && endswith(alarm.alarm_description, var.alarms.runbook)])
    error_message = "Alarms must tell when they fire and when they recover, with the runbook."
  }
}

run "a_queue_that_topics_and_rules_send_to" {
  command = plan

  module {
    source = "../../modules/work_queue"
  }

  variables {
    senders = {
      topic_arns = ["arn:aws:sns:us-east-1:000000000000:alarms"]
      rule_arns  = ["arn:aws:events:us-east-1:000000000000:rule/sample"]
    }
  }

  assert {
    condition     = { for statement in jsondecode(data.aws_iam_policy_document.queue["work"].json).Statement : statement.Sid => try(statement.Condition.ArnEquals["aws:SourceArn"], null) } == { RefusePlainHttp = null, TakeEvents = "arn:aws:events:us-east-1:000000000000:rule/sample", TakeMessages = "arn:aws:sns:us-east-1:000000000000:alarms" }
    error_message = "Only these topics and rules may send."
  }

  assert {
    condition     = { for statement in jsondecode(data.aws_iam_policy_document.queue["failures"].json).Statement : statement.Sid => try(statement.Principal.Service, null) } == { KeepUndelivered = "sns.amazonaws.com", RefusePlainHttp = null }
    error_message = "The failure queue must take what topics could not deliver, and nothing else."
  }

  assert {
    condition     = alltrue(flatten([for document in data.aws_iam_policy_document.queue : [for statement in jsondecode(document.json).Statement : statement.Effect == "Deny" || try(statement.Condition.StringEquals["aws:SourceAccount"] == "000000000000", false)]]))
    error_message = "No other account may send."
  }
}

run "a_fifo_queue" {
  command = plan

  module {
    source = "../../modules/work_queue"
  }

  variables {
    fifo = { deduplication = "content" }
  }

  assert {
    condition     = aws_sqs_queue.this.name == "sample-test-sample.fifo" && aws_sqs_queue.failures.name == "sample-test-sample-failures.fifo"
    error_message = "Names of FIFO queues end in `.fifo`."
  }

  assert {
    condition     = aws_sqs_queue.this.fifo_queue && aws_sqs_queue.failures.fifo_queue
    error_message = "The failure queue of a FIFO queue must be one, too."
  }

  assert {
    condition     = jsondecode(aws_sqs_queue.failures.redrive_allow_policy).sourceQueueArns == ["arn:aws:sqs:us-east-1:000000000000:sample-test-sample.fifo"]
    error_message = "The failure queue must know its queue by its whole name."
  }

  assert {
    condition     = aws_sqs_queue.this.content_based_deduplication && !aws_sqs_queue.failures.content_based_deduplication
    error_message = "No failure may be dropped because another looks the same."
  }

  assert {
    condition     = aws_sqs_queue.this.deduplication_scope == "messageGroup" && aws_sqs_queue.this.fifo_throughput_limit == "perMessageGroupId"
    error_message = "Groups must not slow each other down."
  }
}

run "a_fifo_queue_with_the_producers_ids" {
  command = plan

  module {
    source = "../../modules/work_queue"
  }

  variables {
    fifo = { deduplication = "explicit" }
  }

  assert {
    condition     = !aws_sqs_queue.this.content_based_deduplication
    error_message = "The producer's id alone must tell messages apart."
  }
}

run "a_queue_for_many_small_messages" {
  command = plan

  module {
    source = "../../modules/work_queue"
  }

  variables {
    batch           = { size = 1000, window_seconds = 5 }
    filters         = ["{\"body\": {\"type\": [\"usage\"]}}"]
    max_concurrency = 1000
  }

  assert {
    condition     = aws_lambda_event_source_mapping.this.batch_size == 1000 && aws_lambda_event_source_mapping.this.maximum_batching_window_in_seconds == 5
    error_message = "Batches must be gathered."
  }

  assert {
    condition     = one(one(aws_lambda_event_source_mapping.this.filter_criteria).filter).pattern == var.filters[0]
    error_message = "Messages must be filtered."
  }
}

run "refuses_first" {
  command = plan

  module {
    source = "../../modules/work_queue"
  }

  variables {
    # Senders that are neither topics nor rules.
    senders = { topic_arns = ["alarms"] }

    # Too few tries.
    max_receive_count = 2

    # Less than Lambda can limit.
    max_concurrency = 1

    # Many messages without time to gather them.
    batch = { size = 100 }

    # A filter by what is not filtered by.
    filters = ["{\"attributes\": {\"SenderId\": [\"me\"]}}"]

    # The function itself instead of its alias.
    function = { arn = "arn:aws:lambda:us-east-1:000000000000:function:sample", role_name = "sample" }

    # A runbook without sentence.
    alarms = { runbook = "see wiki" }

    # A name with hyphens.
    name = "sample-queue"
  }

  expect_failures = [var.senders, var.max_receive_count, var.max_concurrency, var.batch, var.filters, var.function, var.alarms, var.name]
}

run "refuses_second" {
  command = plan

  module {
    source = "../../modules/work_queue"
  }

  variables {
    # More than a FIFO queue gives at once.
    fifo  = { deduplication = "explicit" }
    batch = { size = 100, window_seconds = 1 }

    # More than Lambda can limit.
    max_concurrency = 1001

    # What is no JSON.
    filters = ["type = usage"]

    # An alarm when messages are already gone.
    alarms = { runbook = "Look at the messages and mend the cause.", max_age_seconds = 400000 }

    # A name too long.
    name = "a_name_that_has_more_characters_than_a_queue_and_its_failure_queue_could_have"
  }

  expect_failures = [var.batch, var.max_concurrency, var.filters, var.alarms, var.name]
}

run "refuses_third" {
  command = plan

  module {
    source = "../../modules/work_queue"
  }

  variables {
    # To gather for longer than the function may work.
    batch = { size = 100, window_seconds = 60 }

    # Windows that are no windows.
    alarms = { runbook = "Look at the messages and mend the cause.", backlog_minutes = 7 }

    # More filters than Lambda takes.
    filters = [for type in range(6) : "{\"body\": {\"type\": [${type}]}}"]

    # Half a try.
    max_receive_count = 3.5
  }

  expect_failures = [var.batch, var.alarms, var.filters, var.max_receive_count]
}

run "refuses_fourth" {
  command = plan

  module {
    source = "../../modules/work_queue"
  }

  variables {
    # More than a batch can hold.
    batch = { size = 10001, window_seconds = 1 }
  }

  expect_failures = [var.batch]
}

run "refuses_fifth" {
  command = plan

  module {
    source = "../../modules/work_queue"
  }

  variables {
    # A deduplication that SQS has not.
    fifo = { deduplication = "none" }

    # A function that takes longer than Lambda lets it.
    timeout_seconds = 901
  }

  expect_failures = [var.fifo, var.timeout_seconds]
}

run "refuses_sixth" {
  command = plan

  module {
    source = "../../modules/work_queue"
  }

  variables {
    # Half a second, which Lambda cannot wait.
    batch = { size = 20, window_seconds = 1.5 }
  }

  expect_failures = [var.batch]
}
