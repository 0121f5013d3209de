# `live`, the only thing anybody invokes, and how warm it is kept.
locals {
  alias = "live"
}

resource "aws_lambda_alias" "live" {
  name             = local.alias
  description      = "What everybody invokes."
  function_name    = aws_lambda_function.this.function_name
  function_version = aws_lambda_function.this.version
}

resource "aws_lambda_provisioned_concurrency_config" "live" {
  for_each = { for instances in var.concurrency.provisioned[*] : local.alias => instances }

  function_name                     = aws_lambda_function.this.function_name
  qualifier                         = aws_lambda_alias.live.name
  provisioned_concurrent_executions = each.value
}
