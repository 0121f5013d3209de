# How a table's changes reach the function: in order, tried again a bounded number of times, then set aside.
locals {
  base_name = "${var.foundation.name}-${replace(var.name, "_", "-")}"
}

resource "aws_lambda_event_source_mapping" "this" {
  event_source_arn                   = var.stream_arn
  function_name                      = var.function.arn
  starting_position                  = var.starting_position
  batch_size                         = var.batch.size
  maximum_batching_window_in_seconds = var.batch.window_seconds
  parallelization_factor             = var.batch.parallel_per_shard
  function_response_types            = ["ReportBatchItemFailures"] # what was done before the first failure stays done
  bisect_batch_on_function_error     = true                        # a crash is narrowed down to the record that causes it
  maximum_retry_attempts             = var.retry.max_attempts
  maximum_record_age_in_seconds      = var.retry.max_record_age_seconds

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

  destination_config {
    on_failure {
      destination_arn = module.failures.arn
    }
  }

  # Lambda refuses a mapping whose stream the role may not read.
  depends_on = [aws_iam_role_policy.this]
}
