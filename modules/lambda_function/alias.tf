# `live`, the only thing anybody invokes, and how warm it is kept.
locals {
  alias = "live"
  live  = one(concat(values(aws_lambda_alias.live), values(aws_lambda_alias.canary)))
}

# Whoever moves the alias decides which version is called: Terraform at once, or a pipeline a share of the calls at a time.
resource "aws_lambda_alias" "live" {
  for_each = toset([for alias in [local.alias] : alias if !var.foundation.canary])

  name             = each.key
  description      = "What everybody invokes."
  function_name    = aws_lambda_function.this.function_name
  function_version = aws_lambda_function.this.version
}

resource "aws_lambda_alias" "canary" {
  for_each = toset([for alias in [local.alias] : alias if var.foundation.canary])

  name             = each.key
  description      = "What everybody invokes; a pipeline shifts it to new versions."
  function_name    = aws_lambda_function.this.function_name
  function_version = aws_lambda_function.this.version

  lifecycle {
    ignore_changes = [function_version, routing_config]
  }
}

moved {
  from = aws_lambda_alias.live
  to   = aws_lambda_alias.live["live"]
}

resource "aws_lambda_provisioned_concurrency_config" "live" {
  for_each = { for instances in var.concurrency.provisioned[*] : local.alias => instances }

  function_name                     = aws_lambda_function.this.function_name
  qualifier                         = local.live.name
  provisioned_concurrent_executions = each.value
}
