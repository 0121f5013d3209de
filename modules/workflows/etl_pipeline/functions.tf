# The steps of the workflow, each with exactly what it may touch.
locals {
  bucket_arn     = module.bucket.arn
  contracts_arn  = "arn:${var.foundation.partition}:ssm:${var.foundation.region}:${var.foundation.account_id}:parameter${local.contracts_path}/*"
  executions_arn = "arn:${var.foundation.partition}:states:${var.foundation.region}:${var.foundation.account_id}:execution:${local.workflow}:*"
  records_table  = aws_dynamodb_table.this["records"]
  runs_table     = aws_dynamodb_table.this["runs"]

  use_key_for_files = {
    UseTheKeyForFiles = {
      actions    = ["kms:Decrypt", "kms:GenerateDataKey"]
      resources  = [var.foundation.kms_key_arn]
      conditions = [{ test = "StringEquals", variable = "kms:ViaService", values = ["s3.${var.foundation.region}.amazonaws.com"] }]
    }
  }

  # DynamoDB asks for the caller's right to a table's own key.
  use_key_for_tables = {
    UseTheKeyForTables = {
      actions    = ["kms:Decrypt"]
      resources  = [var.foundation.kms_key_arn]
      conditions = [{ test = "StringEquals", variable = "kms:ViaService", values = ["dynamodb.${var.foundation.region}.amazonaws.com"] }]
    }
  }

  read_uploads = {
    ReadUploads = { actions = ["s3:GetObjectVersion"], resources = ["${local.bucket_arn}/incoming/*"] }
  }

  functions = {
    parse_metadata = {
      description     = "Claims an uploaded file, holds it against its contract and plans byte ranges."
      timeout_seconds = 900
      runbook         = "Read the run's error in the ledger table and the function's log; correct the file or the contract, then upload again."

      environment = {
        CHUNK_BYTES      = var.limits.chunk_bytes
        CONTRACTS_PATH   = local.contracts_path
        MAX_CONCURRENCY  = var.limits.max_concurrency
        MAX_OBJECT_BYTES = var.limits.max_object_bytes
        RUNS_TABLE       = local.runs_table.name
      }

      permissions = merge(local.read_uploads, local.use_key_for_files, local.use_key_for_tables, {
        WritePlan                  = { actions = ["s3:AbortMultipartUpload", "s3:PutObject"], resources = ["${local.bucket_arn}/runs/*"] }
        ReadContracts              = { actions = ["ssm:GetParameter"], resources = [local.contracts_arn] }
        ClaimRuns                  = { actions = ["dynamodb:PutItem"], resources = [local.runs_table.arn] }
        SeeWhetherTheHolderIsAlive = { actions = ["states:DescribeExecution"], resources = [local.executions_arn] }
      })
    }

    transform_chunk = {
      description     = "Checks and converts the rows of one byte range."
      timeout_seconds = 120
      runbook         = "Read the function's log by the run's id; rejected rows are no error, so suspect the code or the file's size."
      environment     = {}

      permissions = merge(local.read_uploads, local.use_key_for_files, {
        ReadRun     = { actions = ["s3:GetObject"], resources = ["${local.bucket_arn}/runs/*"] }
        WriteStaged = { actions = ["s3:PutObject"], resources = ["${local.bucket_arn}/runs/*"] }
      })
    }

    load_chunk = {
      description     = "Writes the converted rows of one byte range to the records table."
      timeout_seconds = 300
      runbook         = "See whether the records table throttles writes; if so, lower `max_concurrency`, then redrive the run."
      environment     = { RECORDS_TABLE = local.records_table.name }

      permissions = merge(local.use_key_for_files, local.use_key_for_tables, {
        ReadStaged  = { actions = ["s3:GetObject"], resources = ["${local.bucket_arn}/runs/*"] }
        WriteResult = { actions = ["s3:PutObject"], resources = ["${local.bucket_arn}/runs/*"] }
        LoadRecords = { actions = ["dynamodb:BatchWriteItem"], resources = [local.records_table.arn] }
      })
    }

    reconcile = {
      description     = "Proves that every row read was loaded or rejected, settles duplicates and writes the reports."
      timeout_seconds = 900
      runbook         = "Compare the run's report with the uploaded file; rows that are neither loaded nor rejected mean a defect."

      environment = {
        RECORDS_TABLE = local.records_table.name
        RUNS_TABLE    = local.runs_table.name
      }

      permissions = merge(local.use_key_for_files, local.use_key_for_tables, {
        ReadRun          = { actions = ["s3:GetObject"], resources = ["${local.bucket_arn}/runs/*"] }
        WriteReports     = { actions = ["s3:AbortMultipartUpload", "s3:PutObject"], resources = ["${local.bucket_arn}/reports/*"] }
        SettleDuplicates = { actions = ["dynamodb:BatchWriteItem"], resources = [local.records_table.arn] }
        FinishRun        = { actions = ["dynamodb:UpdateItem"], resources = [local.runs_table.arn] }
      })
    }

    record_failure = {
      description     = "Marks a run as failed and copies its file to quarantine."
      timeout_seconds = 120
      runbook         = "The run may still be marked RUNNING: mark it FAILED in the ledger table, then look why this function failed."
      environment     = { RUNS_TABLE = local.runs_table.name }

      permissions = merge(local.read_uploads, local.use_key_for_files, local.use_key_for_tables, {
        Quarantine    = { actions = ["s3:PutObject"], resources = ["${local.bucket_arn}/quarantine/*"] }
        RecordFailure = { actions = ["dynamodb:UpdateItem"], resources = [local.runs_table.arn] }
      })
    }
  }
}

module "function" {
  source   = "../../lambda_function"
  for_each = local.functions

  name        = "etl_pipeline_${each.key}"
  description = each.value.description
  foundation  = var.foundation
  package     = "etl_pipeline"
  handler     = "etl_pipeline.handlers.${each.key}.handler"
  environment = each.value.environment
  permissions = each.value.permissions
  alarms      = { runbook = each.value.runbook }

  limits = {
    memory_mb       = var.limits.memory_mb
    timeout_seconds = each.value.timeout_seconds
  }
}
