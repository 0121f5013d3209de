# modules/foundation: safe by default, one object out.
# The real provider, so that plans hold real policies; nothing here calls AWS.
provider "aws" {
  region                      = "us-east-1"
  access_key                  = "000000000000"
  secret_key                  = "test"
  skip_credentials_validation = true
  skip_requesting_account_id  = true
}

variables {
  name      = "sample-test"
  artifacts = "fixtures/artifacts"
}

override_data {
  target = data.aws_caller_identity.current
  values = { account_id = "000000000000" }
}

run "a_safe_foundation_by_default" {
  command = plan

  module {
    source = "../../modules/foundation"
  }

  assert {
    condition     = aws_kms_key.this.enable_key_rotation && aws_kms_key.this.deletion_window_in_days == 30
    error_message = "The key must rotate, and be slow to go."
  }

  assert {
    condition     = alltrue([for statement in jsondecode(data.aws_iam_policy_document.key.json).Statement : statement.Principal != "*" && try(statement.Principal.AWS, "") != "*"])
    error_message = "Nobody outside the account may be named by the key's policy."
  }

  assert {
    condition     = one([for statement in jsondecode(data.aws_iam_policy_document.key.json).Statement : statement if statement.Sid == "PublishAlarms"]).Condition.ArnLike["aws:SourceArn"] == "arn:aws:cloudwatch:us-east-1:000000000000:alarm:sample-test-*"
    error_message = "Only this foundation's alarms may use the key."
  }

  assert {
    condition     = one([for statement in jsondecode(data.aws_iam_policy_document.key.json).Statement : statement if statement.Sid == "DeliverToQueues"]).Condition == { StringEquals = { "aws:SourceAccount" = "000000000000" }, ArnLike = { "kms:EncryptionContext:aws:sqs:arn" = "arn:aws:sqs:us-east-1:000000000000:sample-test-*" } }
    error_message = "Topics and rules of this account may use the key for this foundation's queues only."
  }

  assert {
    condition     = one([for statement in jsondecode(data.aws_iam_policy_document.key.json).Statement : statement if statement.Sid == "DeliverLogs"]) == { Sid = "DeliverLogs", Effect = "Allow", Action = "kms:Decrypt", Resource = "*", Principal = { Service = "delivery.logs.amazonaws.com" }, Condition = { StringEquals = { "kms:EncryptionContext:SourceArn" = "arn:aws:logs:us-east-1:000000000000:*" } } }
    error_message = "The delivery of logs may open logs of this account only, and encrypt nothing."
  }

  assert {
    condition     = one([for statement in jsondecode(data.aws_iam_policy_document.key.json).Statement : statement if statement.Sid == "EncryptLogGroups"]).Condition.ArnLike["kms:EncryptionContext:aws:logs:arn"] == "arn:aws:logs:us-east-1:000000000000:log-group:*"
    error_message = "Only this account's log groups may use the key."
  }

  assert {
    condition     = aws_s3_bucket.access_logs.bucket == "sample-test-access-logs-000000000000-us-east-1" && !aws_s3_bucket.access_logs.force_destroy
    error_message = "The access logs must outlive `terraform destroy`."
  }

  assert {
    condition     = keys(output.foundation.packages) == ["sample"] && output.foundation.packages.sample.key == "sample/${filesha256("fixtures/artifacts/sample.zip")}.zip"
    error_message = "Every workflow's zip must be there under its own hash."
  }

  assert {
    condition     = aws_s3_bucket_versioning.access_logs.versioning_configuration[0].status == "Enabled"
    error_message = "The access logs must be versioned."
  }

  assert {
    condition     = alltrue([for block in [aws_s3_bucket_public_access_block.access_logs] : block.block_public_acls && block.block_public_policy && block.ignore_public_acls && block.restrict_public_buckets])
    error_message = "The access logs must not be public in any way."
  }

  assert {
    condition     = output.foundation.configuration_seconds == 60
    error_message = "A change of a parameter must take effect within a minute."
  }

  assert {
    condition     = output.foundation.region == "us-east-1" && output.foundation.partition == "aws" && output.foundation.account_id == "000000000000"
    error_message = "The foundation must say where it is."
  }

  assert {
    condition     = output.foundation.canary == false
    error_message = "Unless somebody says otherwise, Terraform moves aliases."
  }

  assert {
    condition     = output.foundation.network == null
    error_message = "Unless somebody says otherwise, functions run outside of any VPC."
  }

  assert {
    condition     = output.foundation.permissions_boundary_arn == null
    error_message = "Without a boundary there is none."
  }

  assert {
    condition     = aws_lambda_layer_version.this.compatible_architectures == toset(["arm64"])
    error_message = "The layer must fit the functions' processor."
  }
}

run "bounds_every_role" {
  command = plan

  module {
    source = "../../modules/foundation"
  }

  variables {
    permissions_boundary = "sample-test-boundary"
  }

  assert {
    condition     = output.foundation.permissions_boundary_arn == "arn:aws:iam::000000000000:policy/sample-test-boundary"
    error_message = "The boundary must be a policy of this account."
  }
}

run "hands_a_network_on" {
  command = plan

  module {
    source = "../../modules/foundation"
  }

  variables {
    network = { subnet_ids = ["subnet-1", "subnet-2"], security_group_ids = ["sg-1"] }
  }

  assert {
    condition     = output.foundation.network.subnet_ids == toset(["subnet-1", "subnet-2"]) && !output.foundation.network.internet
    error_message = "Every workflow must get the network, and none may take it for a way out."
  }
}

run "lets_go_where_nothing_is_to_be_kept" {
  command = plan

  module {
    source = "../../modules/foundation"
  }

  variables {
    deletion_protection = false
  }

  assert {
    condition     = aws_kms_key.this.deletion_window_in_days == 7 && aws_s3_bucket.access_logs.force_destroy
    error_message = "Without protection everything must go at once."
  }
}

run "refuses_first" {
  command = plan

  module {
    source = "../../modules/foundation"
  }

  variables {
    # No kind of dashboards.
    dashboards = "all"

    # A name no bucket could have.
    name = "Sample_Test"

    # An unknown processor.
    architecture = "riscv"

    # A retention cloudwatch has not.
    log_retention_days = 45

    # Configuration that is as old as the hour.
    configuration_seconds = 3600

    # An old python.
    runtime = "python3.12"

    # What is no address.
    alarm_emails = ["platform"]

    # An address for one API only.
    api_url_format = "https://apis.example.com/live/"

    # A network without subnets.
    network = { subnet_ids = [], security_group_ids = ["sg-1"] }
  }

  expect_failures = [var.name, var.architecture, var.configuration_seconds, var.dashboards, var.log_retention_days, var.runtime, var.alarm_emails, var.api_url_format, var.network]
}

run "refuses_second" {
  command = plan

  module {
    source = "../../modules/foundation"
  }

  variables {
    # A name too long for buckets.
    name = "a-name-longer-than-twenty"

    # A layer that was not built.
    architecture = "x86_64"

    # A network without security groups.
    network = { subnet_ids = ["subnet-1"], security_group_ids = [] }
  }

  expect_failures = [var.name, var.artifacts, var.network]
}
