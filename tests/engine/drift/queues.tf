# Queues, tables and their event source mappings, with every argument a workflow sets.
resource "aws_sqs_queue" "failures" {
  name                              = "${var.name}-failures"
  message_retention_seconds         = 1209600
  kms_master_key_id                 = aws_kms_key.this.arn
  kms_data_key_reuse_period_seconds = 300
}

resource "aws_sqs_queue" "work" {
  name                       = var.name
  visibility_timeout_seconds = 60
  kms_master_key_id          = aws_kms_key.this.arn
  redrive_policy             = jsonencode({ deadLetterTargetArn = aws_sqs_queue.failures.arn, maxReceiveCount = 3 })
}

resource "aws_sqs_queue" "ordered" {
  name                        = "${var.name}.fifo"
  fifo_queue                  = true
  content_based_deduplication = true
  deduplication_scope         = "messageGroup"
  fifo_throughput_limit       = "perMessageGroupId"
  sqs_managed_sse_enabled     = true
  visibility_timeout_seconds  = 60
}

resource "aws_sqs_queue_redrive_allow_policy" "failures" {
  queue_url = aws_sqs_queue.failures.id

  redrive_allow_policy = jsonencode({
    redrivePermission = "byQueue"
    sourceQueueArns   = [aws_sqs_queue.work.arn]
  })
}

resource "aws_sqs_queue_policy" "work" {
  queue_url = aws_sqs_queue.work.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "TlsOnly"
      Effect    = "Deny"
      Action    = "sqs:*"
      Principal = "*"
      Resource  = aws_sqs_queue.work.arn
      Condition = { Bool = { "aws:SecureTransport" = "false" } }
    }]
  })
}

resource "aws_dynamodb_table" "results" {
  name             = "${var.name}-results"
  billing_mode     = "PAY_PER_REQUEST"
  hash_key         = "id"
  stream_enabled   = true
  stream_view_type = "NEW_IMAGE"

  attribute {
    name = "id"
    type = "S"
  }

  ttl {
    enabled        = true
    attribute_name = "expires_at"
  }

  point_in_time_recovery {
    enabled = true
  }

  server_side_encryption {
    enabled     = true
    kms_key_arn = aws_kms_key.this.arn
  }
}

resource "aws_lambda_function" "worker" {
  function_name    = "${var.name}-worker"
  role             = aws_iam_role.service["lambda"].arn
  runtime          = "python3.13"
  handler          = "function.handler"
  filename         = "function.zip"
  source_code_hash = filebase64sha256("function.zip")
  timeout          = 10
  publish          = true

  depends_on = [aws_iam_role_policy.service]
}

resource "aws_lambda_alias" "worker" {
  name             = "live"
  function_name    = aws_lambda_function.worker.function_name
  function_version = aws_lambda_function.worker.version
}

resource "aws_lambda_event_source_mapping" "queue" {
  event_source_arn                   = aws_sqs_queue.work.arn
  function_name                      = aws_lambda_alias.worker.arn
  batch_size                         = 100
  maximum_batching_window_in_seconds = 1
  function_response_types            = ["ReportBatchItemFailures"]

  scaling_config {
    maximum_concurrency = 5
  }

  filter_criteria {
    filter {
      pattern = jsonencode({ body = { kind = ["usage"] } })
    }
  }
}

resource "aws_lambda_event_source_mapping" "ordered" {
  event_source_arn        = aws_sqs_queue.ordered.arn
  function_name           = aws_lambda_alias.worker.arn
  function_response_types = ["ReportBatchItemFailures"]
}

resource "aws_lambda_event_source_mapping" "stream" {
  event_source_arn                   = aws_dynamodb_table.results.stream_arn
  function_name                      = aws_lambda_alias.worker.arn
  starting_position                  = "TRIM_HORIZON"
  maximum_batching_window_in_seconds = 1
  bisect_batch_on_function_error     = true
  maximum_retry_attempts             = 3
  maximum_record_age_in_seconds      = 3600
  parallelization_factor             = 2
  function_response_types            = ["ReportBatchItemFailures"]

  destination_config {
    on_failure {
      destination_arn = aws_sqs_queue.failures.arn
    }
  }

  filter_criteria {
    filter {
      pattern = jsonencode({ eventName = ["INSERT"] })
    }
  }
}

resource "aws_lambda_event_source_mapping" "plain_stream" {
  event_source_arn  = aws_dynamodb_table.results.stream_arn
  function_name     = aws_lambda_function.other.function_name
  starting_position = "LATEST"
}

resource "aws_lambda_function" "other" {
  function_name    = "${var.name}-other"
  role             = aws_iam_role.service["lambda"].arn
  runtime          = "python3.13"
  handler          = "function.handler"
  filename         = "function.zip"
  source_code_hash = filebase64sha256("function.zip")

  depends_on = [aws_iam_role_policy.service]
}
