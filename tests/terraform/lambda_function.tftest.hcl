# modules/lambda_function: a function is its role, logs, failure queue, alarms and tracing; unsafe values fail the plan.
# The real provider, so that plans hold real policies; nothing here calls AWS.
provider "aws" {
  region                      = "us-east-1"
  access_key                  = "000000000000"
  secret_key                  = "test"
  skip_credentials_validation = true
  skip_requesting_account_id  = true
}

variables {
  name        = "sample_function"
  description = "Stands in for a function."
  package     = "sample"
  handler     = "sample.handlers.sample.handler"
  permissions = { ReadStock = { actions = ["dynamodb:GetItem"], resources = ["arn:aws:dynamodb:us-east-1:000000000000:table/stock"] } }
  alarms      = { runbook = "Look at the function's log and mend what it says." }
}

run "a_safe_function_by_default" {
  command = plan

  module {
    source = "../../modules/lambda_function"
  }

  assert {
    condition     = aws_lambda_function.this.function_name == "sample-test-sample-function"
    error_message = "The AWS name is the foundation's and the module's, with hyphens."
  }

  assert {
    condition     = aws_lambda_function.this.tracing_config[0].mode == "Active"
    error_message = "Tracing must be active."
  }

  assert {
    condition     = aws_lambda_function.this.logging_config[0].log_format == "JSON"
    error_message = "Logs must be JSON."
  }

  assert {
    condition     = aws_lambda_function.this.kms_key_arn == var.foundation.kms_key_arn
    error_message = "The environment must be encrypted with the foundation's key."
  }

  assert {
    condition     = aws_lambda_function.this.environment[0].variables.POWERTOOLS_SERVICE_NAME == "sample" && aws_lambda_function.this.environment[0].variables.CONFIGURATION_SECONDS == "60"
    error_message = "Powertools must know the service, and the reader of parameters how old one may be."
  }

  assert {
    condition     = aws_lambda_function.this.publish && keys(aws_lambda_alias.live) == ["live"] && length(aws_lambda_alias.canary) == 0
    error_message = "A published version must stand behind the alias."
  }

  assert {
    condition     = length(aws_lambda_function.this.vpc_config) == 0
    error_message = "Without a network there is no VPC."
  }

  assert {
    condition     = aws_cloudwatch_log_group.this.retention_in_days == 30 && aws_cloudwatch_log_group.this.kms_key_id == var.foundation.kms_key_arn
    error_message = "Logs must be encrypted, and kept as long as the foundation says."
  }

  assert {
    condition     = aws_iam_role.this.permissions_boundary == var.foundation.permissions_boundary_arn
    error_message = "The role must stay within the boundary."
  }

  assert {
    condition     = one([for statement in jsondecode(data.aws_iam_policy_document.trust.json).Statement : statement if statement.Sid == "RunTheFunction"]).Condition.StringEquals["aws:SourceAccount"] == "000000000000"
    error_message = "The trust policy must name the source account."
  }

  assert {
    condition     = [for statement in jsondecode(data.aws_iam_policy_document.permissions.json).Statement : statement.Sid] == ["KeepFailedCalls", "ReadStock", "SendTraces", "UseTheKeyForFailures", "WriteOwnLogs"]
    error_message = "The role must hold what was asked for and what the module needs, and nothing else."
  }

  assert {
    condition     = one([for statement in jsondecode(data.aws_iam_policy_document.permissions.json).Statement : statement if statement.Sid == "WriteOwnLogs"]).Resource == "arn:aws:logs:us-east-1:000000000000:log-group:/aws/lambda/sample-test-sample-function:*"
    error_message = "The function may write its own logs only."
  }

  assert {
    condition     = !contains(one([for statement in jsondecode(data.aws_iam_policy_document.permissions.json).Statement : statement if statement.Sid == "WriteOwnLogs"]).Action, "logs:CreateLogGroup")
    error_message = "The function may not make log groups."
  }

  assert {
    condition     = aws_lambda_function_event_invoke_config.live.qualifier == "live"
    error_message = "Asynchronous calls of the alias must be covered."
  }

  assert {
    condition     = keys(aws_cloudwatch_metric_alarm.this) == ["duration", "errors", "failures", "throttles"]
    error_message = "There must be an alarm for each way to go wrong."
  }

  assert {
    condition     = aws_cloudwatch_metric_alarm.this["errors"].dimensions == tomap({ FunctionName = "sample-test-sample-function", Resource = "sample-test-sample-function:live" })
    error_message = "Alarms must watch the alias."
  }

  assert {
    condition     = aws_cloudwatch_metric_alarm.this["duration"].threshold == 27000
    error_message = "The duration alarm follows from the timeout."
  }

  assert {
    condition     = alltrue([for alarm in aws_cloudwatch_metric_alarm.this : alarm.alarm_actions == alarm.ok_actions && endswith(alarm.alarm_description, var.alarms.runbook)])
    error_message = "Alarms must tell when they fire and when they recover, with the runbook."
  }
}

run "an_alias_that_a_pipeline_moves" {
  command = plan

  module {
    source = "../../modules/lambda_function"
  }

  variables {
    foundation  = merge(var.foundation, { canary = true })
    concurrency = { provisioned = 2 }
  }

  assert {
    condition     = aws_lambda_alias.canary["live"].name == "live" && length(aws_lambda_alias.live) == 0
    error_message = "Only the alias that ignores changes may be there."
  }

  assert {
    condition     = aws_lambda_provisioned_concurrency_config.live["live"].qualifier == "live" && aws_lambda_function_event_invoke_config.live.qualifier == "live"
    error_message = "All that belongs to the alias must follow it."
  }
}

run "warm_instances_on_the_alias" {
  command = plan

  module {
    source = "../../modules/lambda_function"
  }

  variables {
    concurrency = { reserved = 5, provisioned = 2 }
  }

  assert {
    condition     = aws_lambda_provisioned_concurrency_config.live["live"].qualifier == "live" && aws_lambda_provisioned_concurrency_config.live["live"].provisioned_concurrent_executions == 2
    error_message = "Provisioned concurrency belongs to the alias."
  }

  assert {
    condition     = aws_lambda_function.this.reserved_concurrent_executions == 5
    error_message = "Reserved concurrency must be set."
  }
}

run "a_snapshot_instead" {
  command = plan

  module {
    source = "../../modules/lambda_function"
  }

  variables {
    concurrency = { snap_start = true }
  }

  assert {
    condition     = aws_lambda_function.this.snap_start[0].apply_on == "PublishedVersions"
    error_message = "SnapStart works on published versions."
  }
}

run "a_place_in_a_network" {
  command = plan

  module {
    source = "../../modules/lambda_function"
  }

  variables {
    foundation = merge(var.foundation, { network = { subnet_ids = ["subnet-1"], security_group_ids = ["sg-1"] } })
  }

  assert {
    condition     = aws_lambda_function.this.vpc_config[0].subnet_ids == toset(["subnet-1"]) && aws_lambda_function.this.vpc_config[0].security_group_ids == toset(["sg-1"])
    error_message = "The function must be placed in the foundation's subnets, behind its security groups."
  }

  assert {
    condition     = contains(one([for statement in jsondecode(data.aws_iam_policy_document.permissions.json).Statement : statement if statement.Sid == "PlaceInNetwork"]).Resource, "arn:aws:ec2:us-east-1:000000000000:subnet/subnet-1")
    error_message = "The permission must be scoped to the subnets."
  }

  assert {
    condition     = one([for statement in jsondecode(data.aws_iam_policy_document.permissions.json).Statement : statement if statement.Sid == "DenyNetworkInterfacesToTheCode"]).Condition.ArnEquals["lambda:SourceFunctionArn"] == "arn:aws:lambda:us-east-1:000000000000:function:sample-test-sample-function"
    error_message = "The code itself must not manage network interfaces."
  }
}

run "stays_outside_of_a_network_that_leads_nowhere" {
  command = plan

  module {
    source = "../../modules/lambda_function"
  }

  variables {
    foundation     = merge(var.foundation, { network = { subnet_ids = ["subnet-1"], security_group_ids = ["sg-1"] } })
    calls_internet = true
  }

  assert {
    condition     = length(aws_lambda_function.this.vpc_config) == 0
    error_message = "A function that calls the internet must not be placed where it cannot reach it."
  }

  assert {
    condition     = !strcontains(data.aws_iam_policy_document.permissions.json, "NetworkInterface")
    error_message = "Whoever is in no network needs no network interfaces."
  }
}

run "goes_into_a_network_that_leads_to_the_internet" {
  command = plan

  module {
    source = "../../modules/lambda_function"
  }

  variables {
    foundation     = merge(var.foundation, { network = { subnet_ids = ["subnet-1"], security_group_ids = ["sg-1"], internet = true } })
    calls_internet = true
  }

  assert {
    condition     = aws_lambda_function.this.vpc_config[0].subnet_ids == toset(["subnet-1"])
    error_message = "Where a network leads to the internet, every function must be in it."
  }
}

run "an_action_without_resource_level" {
  command = plan

  module {
    source = "../../modules/lambda_function"
  }

  variables {
    permissions = { ReadMetrics = { actions = ["cloudwatch:GetMetricData"], resources = ["*"] } }
  }

  assert {
    condition     = one([for statement in jsondecode(data.aws_iam_policy_document.permissions.json).Statement : statement if statement.Sid == "ReadMetrics"]).Resource == "*"
    error_message = "Some actions can only be granted on everything."
  }
}

run "refuses_first" {
  command = plan

  module {
    source = "../../modules/lambda_function"
  }

  variables {
    # Everything as a resource.
    permissions = { ReadStock = { actions = ["dynamodb:GetItem"], resources = ["*"] } }

    # More warm than reserved.
    concurrency = { reserved = 1, provisioned = 2 }

    # A package that was not built.
    package = "missing"

    # Reserved variables.
    environment = { AWS_REGION = "us-east-1" }

    # Too many layers.
    layers = [for number in range(5) : "arn:aws:lambda:us-east-1:000000000000:layer:more:${number}"]

    # A runbook without sentence.
    alarms = { runbook = "see wiki" }

    # More retries than lambda makes.
    asynchronous = { max_retries = 3 }

    # A description that is no sentence.
    description = "stock"

    # A handler that is a path.
    handler = "handlers/sample.py"
  }

  expect_failures = [var.permissions, var.concurrency, var.package, var.environment, var.layers, var.alarms, var.asynchronous, var.description, var.handler]
}

run "refuses_second" {
  command = plan

  module {
    source = "../../modules/lambda_function"
  }

  variables {
    # Wildcards in actions.
    permissions = { ReadStock = { actions = ["dynamodb:Get*"], resources = ["arn:aws:dynamodb:us-east-1:000000000000:table/stock"] } }

    # A reservation that stops the function.
    concurrency = { reserved = 0 }

    # Variables in small letters.
    environment = { table = "stock" }

    # A share of the timeout over 100.
    alarms = { runbook = "Look at the log and mend it.", duration_percent = 120 }
  }

  expect_failures = [var.permissions, var.concurrency, var.environment, var.alarms]
}

run "refuses_third" {
  command = plan

  module {
    source = "../../modules/lambda_function"
  }

  variables {
    # A statement id that is no phrase.
    permissions = { read_stock = { actions = ["dynamodb:GetItem"], resources = ["arn:aws:dynamodb:us-east-1:000000000000:table/stock"] } }

    # Snapshot and warm instances.
    concurrency = { provisioned = 1, snap_start = true }

    # An alarm that never rests.
    alarms = { runbook = "Look at the log and mend it.", errors = 0 }

    # A patience lambda has not.
    asynchronous = { max_event_age_seconds = 30 }
  }

  expect_failures = [var.permissions, var.concurrency, var.alarms, var.asynchronous]
}

run "refuses_fourth" {
  command = plan

  module {
    source = "../../modules/lambda_function"
  }

  variables {
    # To replace its own statements.
    permissions = { WriteOwnLogs = { actions = ["logs:PutLogEvents"], resources = ["arn:aws:logs:us-east-1:000000000000:log-group:other:*"] } }

    # A timeout lambda has not.
    limits = { timeout_seconds = 901 }

    # Another alarm that never rests.
    alarms = { runbook = "Look at the log and mend it.", throttles = 0 }
  }

  expect_failures = [var.permissions, var.limits, var.alarms]
}

run "refuses_fifth" {
  command = plan

  module {
    source = "../../modules/lambda_function"
  }

  variables {
    # A snapshot with much storage.
    concurrency = { snap_start = true }
    limits      = { ephemeral_storage_mb = 1024 }
  }

  expect_failures = [var.concurrency]
}

run "refuses_sixth" {
  command = plan

  module {
    source = "../../modules/lambda_function"
  }

  variables {
    # A memory lambda has not.
    limits = { memory_mb = 64 }

    # A name too long.
    name = "a_name_that_has_more_characters_than_any_role_in_iam_could_ever_have"
  }

  expect_failures = [var.limits, var.name]
}

# While `limits` or `name` is wrong, Terraform does not look at `concurrency` or `permissions`, which refer to them.
run "refuses_seventh" {
  command = plan

  module {
    source = "../../modules/lambda_function"
  }

  variables {
    # Less storage than lambda gives.
    limits = { ephemeral_storage_mb = 256 }

    # A name with hyphens.
    name = "sample-function"
  }

  expect_failures = [var.limits, var.name]
}

run "refuses_eighth" {
  command = plan

  module {
    source = "../../modules/lambda_function"
  }

  variables {
    # Nothing kept warm.
    concurrency = { provisioned = 0 }
  }

  expect_failures = [var.concurrency]
}
