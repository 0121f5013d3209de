# The secret that signs approvers' links. Its values are made by a function and never pass through Terraform: a value in a
# variable, a plan or a state could be read by whoever plans, and the provider reads a version that it made on every plan.
resource "aws_secretsmanager_secret" "link_key" {
  name                    = "${var.foundation.name}/approval-workflow/link-key"
  description             = "Signs the links that approvers decide by."
  kms_key_id              = var.foundation.kms_key_arn
  recovery_window_in_days = var.foundation.deletion_protection ? 30 : 0
}

# The first key has to be there before the rotation can be set up.
resource "aws_lambda_invocation" "first_link_key" {
  function_name = module.endpoint["rotate_link_key"].name
  qualifier     = split(":", module.endpoint["rotate_link_key"].arn)[7]
  input         = jsonencode({ SecretId = aws_secretsmanager_secret.link_key.arn })
}

resource "aws_secretsmanager_secret_rotation" "link_key" {
  secret_id           = aws_secretsmanager_secret.link_key.id
  rotation_lambda_arn = module.endpoint["rotate_link_key"].arn
  rotate_immediately  = false

  # A link outlives the rotation after it, not the one after that.
  rotation_rules {
    automatically_after_days = var.limits.link_key_days
  }

  depends_on = [aws_lambda_invocation.first_link_key, aws_lambda_permission.rotate_link_key]
}

resource "aws_lambda_permission" "rotate_link_key" {
  statement_id   = "RotateTheLinkKey"
  action         = "lambda:InvokeFunction"
  principal      = "secretsmanager.amazonaws.com"
  function_name  = module.endpoint["rotate_link_key"].name
  qualifier      = split(":", module.endpoint["rotate_link_key"].arn)[7]
  source_account = var.foundation.account_id
}
