# modules/rotating_secret: a secret that no plan knows, whose function may keep it and nothing else, and whose age is watched.
# The real provider, so that plans hold real policies; nothing here calls AWS.
provider "aws" {
  region                      = "us-east-1"
  access_key                  = "000000000000"
  secret_key                  = "test"
  skip_credentials_validation = true
  skip_requesting_account_id  = true
}

variables {
  name         = "sample_key"
  description  = "Signs samples."
  runbook      = "Read the function's log and mend what it names."
  max_age_days = 40
  rotation     = { package = "sample", handler = "sample.handlers.rotate_key.handler", days = 30 }
}

# A known ARN, so that the documents that name it are known too.
override_resource {
  target          = aws_secretsmanager_secret.this
  override_during = plan
  values          = { id = "arn:aws:secretsmanager:us-east-1:000000000000:secret:sample", arn = "arn:aws:secretsmanager:us-east-1:000000000000:secret:sample" }
}
override_resource {
  target          = module.function.aws_lambda_alias.live
  override_during = plan
  values          = { arn = "arn:aws:lambda:us-east-1:000000000000:function:sample-test-sample-key:live" }
}

run "rotates" {
  command = plan

  module {
    source = "../../modules/rotating_secret"
  }

  assert {
    condition     = aws_secretsmanager_secret.this.name == "sample-test/sample-key" && aws_secretsmanager_secret.this.kms_key_id == var.foundation.kms_key_arn && aws_secretsmanager_secret.this.recovery_window_in_days == 30
    error_message = "The secret must be encrypted with the foundation's key, and come back when it was deleted by mistake."
  }

  assert {
    condition     = aws_secretsmanager_secret_rotation.this["rotation"].rotation_rules[0].automatically_after_days == 30 && !aws_secretsmanager_secret_rotation.this["rotation"].rotate_immediately
    error_message = "It must be rotated by the clock; its first value is young."
  }

  assert {
    condition     = jsondecode(aws_lambda_invocation.begin["rotation"].input) == { SecretId = aws_secretsmanager_secret.this.arn, Step = "begin" }
    error_message = "The function must make the first value."
  }

  assert {
    condition     = aws_lambda_permission.rotate["rotation"].principal == "secretsmanager.amazonaws.com" && aws_lambda_permission.rotate["rotation"].source_account == "000000000000" && aws_lambda_permission.rotate["rotation"].qualifier == "live"
    error_message = "Only Secrets Manager, for this account, may call the function to rotate."
  }

  assert {
    condition     = keys(local.granted) == ["MeasureAge", "Rotate", "UseTheKeyForTheSecret"] && alltrue([for sid in ["MeasureAge", "Rotate"] : local.granted[sid].resources == [aws_secretsmanager_secret.this.arn]])
    error_message = "The function may keep this secret, and nothing else."
  }

  assert {
    condition     = toset(local.granted.UseTheKeyForTheSecret.conditions[*].variable) == toset(["kms:ViaService", "kms:EncryptionContext:SecretARN"])
    error_message = "Of what the key protects, the function may open this secret alone."
  }

  assert {
    condition     = aws_cloudwatch_metric_alarm.age.threshold == 40 && aws_cloudwatch_metric_alarm.age.comparison_operator == "GreaterThanThreshold" && aws_cloudwatch_metric_alarm.age.treat_missing_data == "breaching" && aws_cloudwatch_metric_alarm.age.dimensions == tomap({ service = "sample", secret = "sample-test/sample-key" })
    error_message = "An alarm must tell of a value that is too old, and of silence."
  }

  assert {
    condition     = endswith(aws_cloudwatch_metric_alarm.age.alarm_description, var.runbook)
    error_message = "The alarm must say what to do."
  }
}

run "waits_for_people" {
  command = plan

  module {
    source = "../../modules/rotating_secret"
  }

  variables {
    rotation = null
  }

  assert {
    condition     = length(aws_secretsmanager_secret_rotation.this) + length(aws_lambda_invocation.begin) + length(aws_lambda_permission.rotate) == 0
    error_message = "Without an issuer nothing is made or scheduled."
  }

  assert {
    condition     = keys(local.granted) == ["MeasureAge"] && local.granted.MeasureAge.actions == ["secretsmanager:ListSecretVersionIds"]
    error_message = "Who only measures must not be able to read a value."
  }

  assert {
    condition     = local.code.handler == "rotating_secret.handlers.measure_age.handler" && aws_cloudwatch_metric_alarm.age.dimensions.service == "rotating_secret"
    error_message = "The age must be measured all the same."
  }
}

run "asks_an_issuer" {
  command = plan

  module {
    source = "../../modules/rotating_secret"
  }

  variables {
    rotation = {
      package     = "rotating_secret"
      handler     = "rotating_secret.handlers.rotate_webhooks.handler"
      days        = 30
      environment = { ISSUER_ARN = "arn:aws:lambda:us-east-1:000000000000:function:issuer:live" }
      permissions = { AskTheIssuer = { actions = ["lambda:InvokeFunction"], resources = ["arn:aws:lambda:us-east-1:000000000000:function:issuer:live"] } }
    }
  }

  assert {
    condition     = one(local.granted.AskTheIssuer.actions) == "lambda:InvokeFunction" && contains(keys(local.granted), "Rotate")
    error_message = "The function may ask the issuer, and keep the secret."
  }
}

run "refuses_first" {
  command = plan

  module {
    source = "../../modules/rotating_secret"
  }

  variables {
    # A name in the wrong case.
    name = "Sample-Key"

    # No sentence.
    description = "signs samples"

    # Words that tell nobody what to do.
    runbook = "Ask around."

    # Half a day more than a month.
    max_age_days = 30.5
  }

  expect_failures = [var.name, var.description, var.runbook, var.max_age_days]
}

run "refuses_second" {
  command = plan

  module {
    source = "../../modules/rotating_secret"
  }

  variables {
    # A name too long for a role.
    name = "sample_key_with_a_name_that_is_longer_than_a_role"

    # An alarm before the rotation's time.
    max_age_days = 30
  }

  expect_failures = [var.name, var.max_age_days]
}

run "refuses_third" {
  command = plan

  module {
    source = "../../modules/rotating_secret"
  }

  variables {
    # Longer than a scanner lets a secret live.
    max_age_days = 100
    rotation     = { package = "sample", handler = "sample.handlers.rotate_key.handler", days = 91 }
  }

  expect_failures = [var.rotation]
}

run "refuses_fourth" {
  command = plan

  module {
    source = "../../modules/rotating_secret"
  }

  variables {
    # Another permission under an id of the module's.
    rotation = {
      package     = "sample"
      handler     = "sample.handlers.rotate_key.handler"
      days        = 30
      permissions = { Rotate = { actions = ["lambda:InvokeFunction"], resources = ["arn:aws:lambda:us-east-1:000000000000:function:issuer:live"] } }
    }
  }

  expect_failures = [var.rotation]
}
