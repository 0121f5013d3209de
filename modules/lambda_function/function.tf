# The function itself: code by its hash, limits, environment, libraries.
locals {
  function_name = "${var.foundation.name}-${replace(var.name, "_", "-")}"
  function_arn  = "arn:${var.foundation.partition}:lambda:${var.foundation.region}:${var.foundation.account_id}:function:${local.function_name}"
  package       = var.foundation.packages[var.package]

  # Where the function runs, if not outside of any VPC: never where it could not reach what it calls.
  network = one([for network in var.foundation.network[*] : network if network.internet || !var.calls_internet])
}

resource "aws_lambda_function" "this" {
  #checkov:skip=CKV_AWS_115:Reserved concurrency takes from the account's pool; `concurrency` says when it is worth it.
  #checkov:skip=CKV_AWS_116:Failed asynchronous calls go to an on-failure destination, which says more than a dead-letter queue.
  #checkov:skip=CKV_AWS_117:It calls public services by TLS and IAM, which a VPC makes no safer; the foundation's `network` places it in one where that is wanted.
  #checkov:skip=CKV_AWS_272:The zip is named by its hash, and only the deploy role may replace it.
  function_name                  = local.function_name
  description                    = var.description
  role                           = aws_iam_role.this.arn
  s3_bucket                      = local.package.bucket
  s3_key                         = local.package.key
  source_code_hash               = local.package.hash
  handler                        = var.handler
  runtime                        = var.foundation.runtime
  architectures                  = [var.foundation.architecture]
  layers                         = concat(var.foundation.layer_arns, var.layers)
  memory_size                    = var.limits.memory_mb
  timeout                        = var.limits.timeout_seconds
  reserved_concurrent_executions = coalesce(var.concurrency.reserved, -1)
  kms_key_arn                    = var.foundation.kms_key_arn
  publish                        = true

  environment {
    variables = merge(var.environment, {
      CONFIGURATION_SECONDS        = var.foundation.configuration_seconds
      POWERTOOLS_METRICS_NAMESPACE = var.foundation.name
      POWERTOOLS_SERVICE_NAME      = var.package
    })
  }

  ephemeral_storage {
    size = var.limits.ephemeral_storage_mb
  }

  logging_config {
    log_format = "JSON"
    log_group  = aws_cloudwatch_log_group.this.name
  }

  tracing_config {
    mode = "Active"
  }

  dynamic "snap_start" {
    for_each = var.concurrency.snap_start ? ["PublishedVersions"] : []

    content {
      apply_on = snap_start.value
    }
  }

  dynamic "vpc_config" {
    for_each = local.network[*]

    content {
      subnet_ids         = vpc_config.value.subnet_ids
      security_group_ids = vpc_config.value.security_group_ids
    }
  }

  # A function that runs before it may write logs leaves no trace of its first failure.
  depends_on = [aws_iam_role_policy.this]
}
