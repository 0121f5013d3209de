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

  foundation = {
    name                     = "sample-test"
    account_id               = "000000000000"
    partition                = "aws"
    region                   = "us-east-1"
    kms_key_arn              = "arn:aws:kms:us-east-1:000000000000:key/sample"
    alarm_topic_arn          = "arn:aws:sns:us-east-1:000000000000:alarms"
    artifacts                = "fixtures/artifacts"
    runtime                  = "python3.13"
    architecture             = "arm64"
    layer_arns               = ["arn:aws:lambda:us-east-1:000000000000:layer:libraries:1"]
    log_retention_days       = 30
    access_log_bucket        = "sample-test-access-logs"
    deletion_protection      = true
    permissions_boundary_arn = "arn:aws:iam::000000000000:policy/sample-test-boundary"
  }
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
    condition     = aws_lambda_function.this.environment[0].variables.POWERTOOLS_SERVICE_NAME == "sample"
    error_message = "Powertools must know the service."
  }

  assert {
    condition     = aws_lambda_function.this.publish && aws_lambda_alias.live.name == "live"
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
    condition     = [for statement in jsondecode(data.aws_iam_policy_document.permissions.json).Statement : statement.Sid] == ["KeepFailedCalls", "ReadStock", "SendTraces", "WriteOwnLogs"]
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
    condition     = aws_sqs_queue.failures.message_retention_seconds == 1209600 && aws_sqs_queue.failures.sqs_managed_sse_enabled
    error_message = "Failed calls must be kept for 14 days, encrypted."
  }

  assert {
    condition     = one([for statement in jsondecode(data.aws_iam_policy_document.failures.json).Statement : statement if statement.Sid == "RefuseOtherSenders"]).Condition.ArnNotEquals["aws:PrincipalArn"] == "arn:aws:iam::000000000000:role/sample-test-sample-function"
    error_message = "Only the function may send to its failure queue."
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
    network = { subnet_ids = ["subnet-1"], security_group_ids = ["sg-1"] }
  }

  assert {
    condition     = aws_lambda_function.this.vpc_config[0].subnet_ids == toset(["subnet-1"])
    error_message = "The function must be placed in the subnets."
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

run "refuses_everything_as_a_resource" {
  command = plan

  module {
    source = "../../modules/lambda_function"
  }

  variables {
    permissions = { ReadStock = { actions = ["dynamodb:GetItem"], resources = ["*"] } }
  }

  expect_failures = [var.permissions]
}

run "refuses_wildcards_in_actions" {
  command = plan

  module {
    source = "../../modules/lambda_function"
  }

  variables {
    permissions = { ReadStock = { actions = ["dynamodb:Get*"], resources = ["arn:aws:dynamodb:us-east-1:000000000000:table/stock"] } }
  }

  expect_failures = [var.permissions]
}

run "refuses_a_statement_id_that_is_no_phrase" {
  command = plan

  module {
    source = "../../modules/lambda_function"
  }

  variables {
    permissions = { read_stock = { actions = ["dynamodb:GetItem"], resources = ["arn:aws:dynamodb:us-east-1:000000000000:table/stock"] } }
  }

  expect_failures = [var.permissions]
}

run "refuses_to_replace_its_own_statements" {
  command = plan

  module {
    source = "../../modules/lambda_function"
  }

  variables {
    permissions = { WriteOwnLogs = { actions = ["logs:PutLogEvents"], resources = ["arn:aws:logs:us-east-1:000000000000:log-group:other:*"] } }
  }

  expect_failures = [var.permissions]
}

run "refuses_more_warm_than_reserved" {
  command = plan

  module {
    source = "../../modules/lambda_function"
  }

  variables {
    concurrency = { reserved = 1, provisioned = 2 }
  }

  expect_failures = [var.concurrency]
}

run "refuses_a_reservation_that_stops_the_function" {
  command = plan

  module {
    source = "../../modules/lambda_function"
  }

  variables {
    concurrency = { reserved = 0 }
  }

  expect_failures = [var.concurrency]
}

run "refuses_snapshot_and_warm_instances" {
  command = plan

  module {
    source = "../../modules/lambda_function"
  }

  variables {
    concurrency = { provisioned = 1, snap_start = true }
  }

  expect_failures = [var.concurrency]
}

run "refuses_a_snapshot_with_much_storage" {
  command = plan

  module {
    source = "../../modules/lambda_function"
  }

  variables {
    concurrency = { snap_start = true }
    limits      = { ephemeral_storage_mb = 1024 }
  }

  expect_failures = [var.concurrency]
}

run "refuses_a_timeout_lambda_has_not" {
  command = plan

  module {
    source = "../../modules/lambda_function"
  }

  variables {
    limits = { timeout_seconds = 901 }
  }

  expect_failures = [var.limits]
}

run "refuses_a_memory_lambda_has_not" {
  command = plan

  module {
    source = "../../modules/lambda_function"
  }

  variables {
    limits = { memory_mb = 64 }
  }

  expect_failures = [var.limits]
}

run "refuses_a_package_that_was_not_built" {
  command = plan

  module {
    source = "../../modules/lambda_function"
  }

  variables {
    package = "missing"
  }

  expect_failures = [var.package]
}

run "refuses_a_network_without_security_group" {
  command = plan

  module {
    source = "../../modules/lambda_function"
  }

  variables {
    network = { subnet_ids = ["subnet-1"], security_group_ids = [] }
  }

  expect_failures = [var.network]
}

run "refuses_reserved_variables" {
  command = plan

  module {
    source = "../../modules/lambda_function"
  }

  variables {
    environment = { AWS_REGION = "us-east-1" }
  }

  expect_failures = [var.environment]
}

run "refuses_variables_in_small_letters" {
  command = plan

  module {
    source = "../../modules/lambda_function"
  }

  variables {
    environment = { table = "stock" }
  }

  expect_failures = [var.environment]
}

run "refuses_too_many_layers" {
  command = plan

  module {
    source = "../../modules/lambda_function"
  }

  variables {
    layers = [for number in range(5) : "arn:aws:lambda:us-east-1:000000000000:layer:more:${number}"]
  }

  expect_failures = [var.layers]
}

run "refuses_a_runbook_without_sentence" {
  command = plan

  module {
    source = "../../modules/lambda_function"
  }

  variables {
    alarms = { runbook = "see wiki" }
  }

  expect_failures = [var.alarms]
}

run "refuses_a_share_of_the_timeout_over_100" {
  command = plan

  module {
    source = "../../modules/lambda_function"
  }

  variables {
    alarms = { runbook = "Look at the log and mend it.", duration_percent = 120 }
  }

  expect_failures = [var.alarms]
}

run "refuses_more_retries_than_lambda_makes" {
  command = plan

  module {
    source = "../../modules/lambda_function"
  }

  variables {
    asynchronous = { max_retries = 3 }
  }

  expect_failures = [var.asynchronous]
}

run "refuses_a_description_that_is_no_sentence" {
  command = plan

  module {
    source = "../../modules/lambda_function"
  }

  variables {
    description = "stock"
  }

  expect_failures = [var.description]
}

run "refuses_a_handler_that_is_a_path" {
  command = plan

  module {
    source = "../../modules/lambda_function"
  }

  variables {
    handler = "handlers/sample.py"
  }

  expect_failures = [var.handler]
}

run "refuses_a_name_too_long" {
  command = plan

  module {
    source = "../../modules/lambda_function"
  }

  variables {
    name = "a_name_that_has_more_characters_than_any_role_in_iam_could_ever_have"
  }

  expect_failures = [var.name]
}
