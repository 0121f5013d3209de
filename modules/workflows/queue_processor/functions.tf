# The workflow's two functions, each with exactly what its code may touch; what polling needs comes with the mappings.
locals {
  results_table = aws_dynamodb_table.this["results"]
  totals_table  = aws_dynamodb_table.this["totals"]

  # DynamoDB asks for the caller's right to a table's own key.
  use_key_for_tables = {
    UseTheKeyForTables = {
      actions    = ["kms:Decrypt"]
      resources  = [var.foundation.kms_key_arn]
      conditions = [{ test = "StringEquals", variable = "kms:ViaService", values = ["dynamodb.${var.foundation.region}.amazonaws.com"] }]
    }
  }

  use_key_for_queues = {
    UseTheKeyForQueues = {
      actions    = ["kms:Decrypt", "kms:GenerateDataKey"]
      resources  = [var.foundation.kms_key_arn]
      conditions = [{ test = "StringEquals", variable = "kms:ViaService", values = ["sqs.${var.foundation.region}.amazonaws.com"] }]
    }
  }

  functions = {
    process_messages = {
      description     = "Validates messages, prices their usage and stores each result once."
      timeout_seconds = var.limits.timeout_seconds
      runbook         = "Read the function's log by its counts of transient and unknown failures; messages stay in the queue meanwhile."

      environment = {
        FAILURE_QUEUE_URL   = module.queue.failure_queue_url
        MAX_BACKOFF_SECONDS = var.limits.max_backoff_seconds
        MAX_RECEIVE_COUNT   = var.limits.max_receive_count
        PRICES_PARAMETER    = local.prices_parameter
        QUEUE_URL           = module.queue.url
        RESULTS_TABLE       = local.results_table.name
        RETENTION_DAYS      = var.retention.results_days
      }

      permissions = merge(local.use_key_for_queues, local.use_key_for_tables, {
        ReadPrices   = { actions = ["ssm:GetParameter"], resources = [aws_ssm_parameter.prices.arn] }
        StoreResults = { actions = ["dynamodb:PutItem"], resources = [local.results_table.arn] }
        BackOff      = { actions = ["sqs:ChangeMessageVisibility"], resources = [module.queue.arn] }
        SendFailures = { actions = ["sqs:SendMessage"], resources = [module.queue.failure_queue_arn] }
      })
    }

    keep_totals = {
      description     = "Adds each new result to its customer's total, once."
      timeout_seconds = 30
      runbook         = "Read the function's log; totals stand still meanwhile, and results older than the retry's limit go to the failure queue."
      environment     = { TOTALS_TABLE = local.totals_table.name }

      # A transaction is authorised by the actions in it.
      permissions = merge(local.use_key_for_tables, {
        KeepTotals = { actions = ["dynamodb:PutItem", "dynamodb:UpdateItem"], resources = [local.totals_table.arn] }
      })
    }
  }
}

module "function" {
  source   = "../../lambda_function"
  for_each = local.functions

  name        = "queue_processor_${each.key}"
  description = each.value.description
  foundation  = var.foundation
  package     = "queue_processor"
  handler     = "queue_processor.handlers.${each.key}.handler"
  environment = each.value.environment
  permissions = each.value.permissions
  alarms      = { runbook = each.value.runbook }

  limits = {
    memory_mb       = var.limits.memory_mb
    timeout_seconds = each.value.timeout_seconds
  }
}
