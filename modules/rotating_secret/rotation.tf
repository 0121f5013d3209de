# When the value is replaced, by whom, and what it begins with.

# The first value has to be there before the rotation can be set up; where people put it, nothing is made.
resource "aws_lambda_invocation" "begin" {
  for_each = local.rotations

  function_name = module.function.name
  qualifier     = split(":", local.function_arn)[7]
  input         = jsonencode({ SecretId = aws_secretsmanager_secret.this.arn, Step = "begin" })
}

resource "aws_secretsmanager_secret_rotation" "this" {
  #checkov:skip=CKV_AWS_304:The input refuses more than 90 days; checkov cannot follow `each.value` to it, and takes the days for absent.
  for_each = local.rotations

  secret_id           = aws_secretsmanager_secret.this.id
  rotation_lambda_arn = local.function_arn
  rotate_immediately  = false

  rotation_rules {
    automatically_after_days = each.value.days
  }

  depends_on = [aws_lambda_invocation.begin, aws_lambda_permission.rotate]
}

# Secrets Manager documents the source account here, no source ARN.
# https://docs.aws.amazon.com/secretsmanager/latest/userguide/troubleshoot_rotation.html
resource "aws_lambda_permission" "rotate" {
  for_each = local.rotations

  statement_id   = "RotateTheSecret"
  action         = "lambda:InvokeFunction"
  principal      = "secretsmanager.amazonaws.com"
  function_name  = module.function.name
  qualifier      = split(":", local.function_arn)[7]
  source_account = var.foundation.account_id
}
