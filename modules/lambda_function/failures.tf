# What becomes of asynchronous calls that failed for good: they wait here, and an alarm says so.
module "failures" {
  source = "../failure_queue"

  foundation = var.foundation
  name       = "${local.function_name}-failures"
  sender     = { role_arn = "arn:${var.foundation.partition}:iam::${var.foundation.account_id}:role/${local.function_name}" }
}

resource "aws_lambda_function_event_invoke_config" "live" {
  function_name                = aws_lambda_function.this.function_name
  qualifier                    = local.live.name
  maximum_event_age_in_seconds = var.asynchronous.max_event_age_seconds
  maximum_retry_attempts       = var.asynchronous.max_retries

  destination_config {
    on_failure {
      destination = module.failures.arn
    }
  }
}
