# The function that keeps the secret: makes its first value, rotates it, and measures how old it is.
locals {
  # Without a rotation there is nothing of the secret's own to run.
  code = {
    package     = try(var.rotation.package, "rotating_secret")
    handler     = try(var.rotation.handler, "rotating_secret.handlers.measure_age.handler")
    environment = try(var.rotation.environment, {})
  }

  measuring = {
    MeasureAge = { actions = ["secretsmanager:ListSecretVersionIds"], resources = [aws_secretsmanager_secret.this.arn], conditions = [] }
  }

  rotating = {
    Rotate = {
      actions    = ["secretsmanager:DescribeSecret", "secretsmanager:GetSecretValue", "secretsmanager:PutSecretValue", "secretsmanager:UpdateSecretVersionStage"]
      resources  = [aws_secretsmanager_secret.this.arn]
      conditions = []
    }

    # Of all that the key protects, this secret alone.
    # https://docs.aws.amazon.com/secretsmanager/latest/userguide/security-encryption.html
    UseTheKeyForTheSecret = {
      actions   = ["kms:Decrypt", "kms:GenerateDataKey"]
      resources = [var.foundation.kms_key_arn]
      conditions = [
        { test = "StringEquals", variable = "kms:ViaService", values = ["secretsmanager.${var.foundation.region}.amazonaws.com"] },
        { test = "StringEquals", variable = "kms:EncryptionContext:SecretARN", values = [aws_secretsmanager_secret.this.arn] },
      ]
    }
  }

  granted = merge(concat([local.measuring], [for rotation in var.rotation[*] : merge(local.rotating, rotation.permissions)])...)
}

module "function" {
  source = "../lambda_function"

  name        = "keep_${var.name}" # by which the role that applies knows what it may call
  description = "Keeps a secret: ${var.description}"
  foundation  = var.foundation
  package     = local.code.package
  handler     = local.code.handler
  environment = local.code.environment
  permissions = local.granted
  limits      = { memory_mb = 256, timeout_seconds = 60 }

  calls_internet = try(var.rotation.calls_internet, false)

  alarms = { runbook = var.runbook }
}
