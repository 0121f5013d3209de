# modules/workflows/queue_processor: results are kept safe, and prices or limits that cannot work fail the plan.
# The real provider, so that plans hold real policies; nothing here calls AWS.
provider "aws" {
  region                      = "us-east-1"
  access_key                  = "000000000000"
  secret_key                  = "test"
  skip_credentials_validation = true
  skip_requesting_account_id  = true
}

variables {
  prices = {
    calls = { currency = "EUR", tiers = [{ up_to = 1000, unit_price = "0.001" }, { unit_price = "0.0008" }] }
  }
}

run "a_safe_workflow" {
  command = plan

  module {
    source = "../../modules/workflows/queue_processor"
  }

  assert {
    condition     = alltrue([for table in aws_dynamodb_table.this : table.deletion_protection_enabled && table.point_in_time_recovery[0].enabled && table.server_side_encryption[0].kms_key_arn == var.foundation.kms_key_arn])
    error_message = "Tables must be protected, recoverable and encrypted."
  }

  assert {
    condition     = alltrue([for table in aws_dynamodb_table.this : table.ttl[0].enabled && table.ttl[0].attribute_name == "expires_at"])
    error_message = "Results and markers must expire."
  }

  assert {
    condition     = aws_dynamodb_table.this["results"].stream_view_type == "NEW_IMAGE" && !aws_dynamodb_table.this["totals"].stream_enabled
    error_message = "Results, and nothing else, must go to the totals."
  }

  assert {
    condition     = jsondecode(aws_ssm_parameter.prices.value).calls == { currency = "EUR", minor_units = 2, tiers = [{ up_to = 1000, unit_price = "0.001" }, { up_to = null, unit_price = "0.0008" }] }
    error_message = "Prices must be complete, and their decimals exact."
  }

  assert {
    condition     = aws_cloudwatch_log_group.triage.name == "/workflows/sample-test/queue_processor/triage" && aws_cloudwatch_log_group.triage.kms_key_id == var.foundation.kms_key_arn
    error_message = "What operators move must be recorded, encrypted."
  }

  assert {
    condition     = toset(keys(module.function)) == toset([for file in fileset("../../lambda_src/queue_processor/handlers", "*.py") : trimsuffix(file, ".py") if file != "__init__.py"])
    error_message = "There must be a function for each handler, and no other."
  }
}

run "refuses_first" {
  command = plan

  module {
    source = "../../modules/workflows/queue_processor"
  }

  variables {
    # A currency in small letters.
    prices = { calls = { currency = "eur", tiers = [{ unit_price = "0.1" }] } }

    # To forget results before their duplicates.
    retention = { results_days = 7 }

    # To hide a message for longer than SQS can.
    limits = { max_backoff_seconds = 50000 }
  }

  expect_failures = [var.prices, var.retention, var.limits]
}

run "refuses_second" {
  command = plan

  module {
    source = "../../modules/workflows/queue_processor"
  }

  variables {
    # Usage without price.
    prices = { calls = { currency = "EUR", tiers = [{ up_to = 1000, unit_price = "0.1" }] } }

    # A FIFO queue with large batches.
    fifo   = true
    limits = { batch_size = 100, window_seconds = 1 }
  }

  expect_failures = [var.prices, var.limits]
}

run "refuses_third" {
  command = plan

  module {
    source = "../../modules/workflows/queue_processor"
  }

  variables {
    # Tiers that do not rise.
    prices = { calls = { currency = "EUR", tiers = [{ up_to = 1000, unit_price = "0.2" }, { up_to = 500, unit_price = "0.1" }, { unit_price = "0.05" }] } }
  }

  expect_failures = [var.prices]
}

run "refuses_fourth" {
  command = plan

  module {
    source = "../../modules/workflows/queue_processor"
  }

  variables {
    # A price that is no decimal.
    prices = { calls = { currency = "EUR", tiers = [{ unit_price = "free" }] } }
  }

  expect_failures = [var.prices]
}

run "refuses_fifth" {
  command = plan

  module {
    source = "../../modules/workflows/queue_processor"
  }

  variables {
    # A currency with more decimals than any.
    prices = { calls = { currency = "EUR", minor_units = 5, tiers = [{ unit_price = "0.1" }] } }
  }

  expect_failures = [var.prices]
}

run "refuses_sixth" {
  command = plan

  module {
    source = "../../modules/workflows/queue_processor"
  }

  variables {
    # No prices.
    prices = {}
  }

  expect_failures = [var.prices]
}

run "refuses_seventh" {
  command = plan

  module {
    source = "../../modules/workflows/queue_processor"
  }

  variables {
    # A tier without end before the last.
    prices = { calls = { currency = "EUR", tiers = [{ unit_price = "0.2" }, { unit_price = "0.1" }] } }
  }

  expect_failures = [var.prices]
}
