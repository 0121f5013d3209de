# The secret. Its values are made by a function or put by people and never pass through Terraform: a value in a variable, a plan
# or a state could be read by whoever plans, and the provider reads a version that it made on every plan (ADR 12).
locals {
  secret_name  = "${var.foundation.name}/${replace(var.name, "_", "-")}"
  function_arn = module.function.arn
  rotations    = { for rotation in var.rotation[*] : "rotation" => rotation }
}

resource "aws_secretsmanager_secret" "this" {
  #checkov:skip=CKV2_AWS_57:rotation.tf rotates it wherever a program can issue values; other values are replaced by people, whom the age alarm tells.
  name                    = local.secret_name
  description             = var.description
  kms_key_id              = var.foundation.kms_key_arn
  recovery_window_in_days = var.foundation.deletion_protection ? 30 : 0
}
