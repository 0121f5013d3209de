# How messages reach the function, and what the function's role needs for it: Lambda polls on its behalf.
resource "aws_lambda_event_source_mapping" "this" {
  event_source_arn                   = aws_sqs_queue.this.arn
  function_name                      = var.function.arn
  batch_size                         = var.batch.size
  maximum_batching_window_in_seconds = var.batch.window_seconds
  function_response_types            = ["ReportBatchItemFailures"] # one bad message does not bring the others back

  scaling_config {
    maximum_concurrency = var.max_concurrency
  }

  dynamic "filter_criteria" {
    for_each = length(var.filters) > 0 ? [var.filters] : []

    content {
      dynamic "filter" {
        for_each = filter_criteria.value

        content {
          pattern = filter.value
        }
      }
    }
  }

  # Lambda refuses a mapping whose queue the role may not read.
  depends_on = [aws_iam_role_policy.this]
}

resource "aws_iam_role_policy" "this" {
  name   = "consume-${local.base_name}"
  role   = var.function.role_name
  policy = data.aws_iam_policy_document.consumer.json
}

# https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html#events-sqs-permissions
data "aws_iam_policy_document" "consumer" {
  statement {
    sid       = "PollTheQueue"
    actions   = ["sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"]
    resources = [local.arns.work]
  }

  statement {
    sid       = "DecryptMessages"
    actions   = ["kms:Decrypt"]
    resources = [var.foundation.kms_key_arn]

    condition {
      test     = "StringEquals"
      variable = "kms:ViaService"
      values   = ["sqs.${var.foundation.region}.amazonaws.com"]
    }
  }
}
