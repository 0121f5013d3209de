# modules/workflows/etl_pipeline: data is kept safe, and a contract that cannot work fails the plan.
# The real provider, so that plans hold real policies; nothing here calls AWS.
provider "aws" {
  region                      = "us-east-1"
  access_key                  = "000000000000"
  secret_key                  = "test"
  skip_credentials_validation = true
  skip_requesting_account_id  = true
}

variables {

  contracts = {
    planes = { key = ["tailnum"], columns = { tailnum = { type = "string", required = true } } }
  }
}

# Step Functions would be asked to check a definition that is known to the last ARN.
override_resource {
  target = module.state_machine.aws_sfn_state_machine.this
}

run "a_safe_workflow" {
  command = plan

  module {
    source = "../../modules/workflows/etl_pipeline"
  }

  assert {
    condition     = module.bucket.name == "sample-test-etl-pipeline-000000000000-us-east-1"
    error_message = "Uploads go to a bucket of the workflow's own."
  }

  assert {
    condition     = alltrue([for table in aws_dynamodb_table.this : table.deletion_protection_enabled && table.point_in_time_recovery[0].enabled && table.server_side_encryption[0].kms_key_arn == var.foundation.kms_key_arn])
    error_message = "Tables must be protected, recoverable and encrypted."
  }

  assert {
    condition     = one(aws_dynamodb_table.this["runs"].global_secondary_index).name == "by_dataset"
    error_message = "Operators look runs up by dataset."
  }

  assert {
    condition     = jsondecode(aws_ssm_parameter.contract["planes"].value).columns.tailnum.max_length == 4096
    error_message = "Contracts must be complete."
  }

  assert {
    condition     = toset(keys(module.function)) == toset([for file in fileset("../../lambda_src/etl_pipeline/handlers", "*.py") : trimsuffix(file, ".py") if file != "__init__.py"])
    error_message = "There must be a function for each handler, and no other."
  }
}

run "refuses_first" {
  command = plan

  module {
    source = "../../modules/workflows/etl_pipeline"
  }

  variables {
    # A contract without key.
    contracts = { planes = { key = [], columns = { tailnum = { type = "string", required = true } } } }

    # Chunks too small.
    limits = { chunk_bytes = 10 }

    # To forget at once.
    retention = { runs_days = 0 }

    # What is no address.
    subscriber_emails = ["team"]
  }

  expect_failures = [var.contracts, var.limits, var.retention, var.subscriber_emails]
}

run "refuses_second" {
  command = plan

  module {
    source = "../../modules/workflows/etl_pipeline"
  }

  variables {
    # A key that may be missing.
    contracts = { planes = { key = ["tailnum"], columns = { tailnum = { type = "string" } } } }

    # Files smaller than a chunk.
    limits = { max_object_bytes = 100000 }

    # To forget replaced files at once.
    retention = { old_versions_days = 0 }
  }

  expect_failures = [var.contracts, var.limits, var.retention]
}

run "refuses_third" {
  command = plan

  module {
    source = "../../modules/workflows/etl_pipeline"
  }

  variables {
    # A key that is no column.
    contracts = { planes = { key = ["number"], columns = { tailnum = { type = "string", required = true } } } }

    # Too much at a time.
    limits = { max_concurrency = 100000 }
  }

  expect_failures = [var.contracts, var.limits]
}

run "refuses_fourth" {
  command = plan

  module {
    source = "../../modules/workflows/etl_pipeline"
  }

  variables {
    # An unknown type.
    contracts = { planes = { key = ["tailnum"], columns = { tailnum = { type = "text", required = true } } } }

    # Chunks that memory cannot hold.
    limits = { chunk_bytes = 4194305 }
  }

  expect_failures = [var.contracts, var.limits]
}

run "refuses_fifth" {
  command = plan

  module {
    source = "../../modules/workflows/etl_pipeline"
  }

  variables {
    # A format for what has none.
    contracts = { planes = { key = ["tailnum"], columns = { tailnum = { type = "string", required = true, format = "%Y" } } } }

    # Files so large that 10,000 chunks of what memory can hold are not enough.
    limits = { max_object_bytes = 50000000000 }
  }

  expect_failures = [var.contracts, var.limits]
}

run "refuses_sixth" {
  command = plan

  module {
    source = "../../modules/workflows/etl_pipeline"
  }

  variables {
    # A share over 100.
    contracts = { planes = { key = ["tailnum"], columns = { tailnum = { type = "string", required = true } }, max_rejected_percent = 101 } }
  }

  expect_failures = [var.contracts]
}

run "refuses_seventh" {
  command = plan

  module {
    source = "../../modules/workflows/etl_pipeline"
  }

  variables {
    # A dataset that is no folder.
    contracts = { "planes/2013" = { key = ["a"], columns = { a = { type = "string", required = true } } } }
  }

  expect_failures = [var.contracts]
}

run "refuses_eighth" {
  command = plan

  module {
    source = "../../modules/workflows/etl_pipeline"
  }

  variables {
    # A dataset whose name is longer than a folder's may be.
    contracts = { "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" = { key = ["a"], columns = { a = { type = "string", required = true } } } }
  }

  expect_failures = [var.contracts]
}

run "refuses_ninth" {
  command = plan

  module {
    source = "../../modules/workflows/etl_pipeline"
  }

  variables {
    # The name of what has no dataset.
    contracts = { unknown = { key = ["a"], columns = { a = { type = "string", required = true } } } }
  }

  expect_failures = [var.contracts]
}

run "refuses_tenth" {
  command = plan

  module {
    source = "../../modules/workflows/etl_pipeline"
  }

  variables {
    # A column named like the table's key.
    contracts = { planes = { key = ["record_key"], columns = { record_key = { type = "string", required = true } } } }
  }

  expect_failures = [var.contracts]
}

run "refuses_eleventh" {
  command = plan

  module {
    source = "../../modules/workflows/etl_pipeline"
  }

  variables {
    # A column that no header can name.
    contracts = { planes = { key = ["a "], columns = { "a " = { type = "string", required = true } } } }
  }

  expect_failures = [var.contracts]
}

run "refuses_twelfth" {
  command = plan

  module {
    source = "../../modules/workflows/etl_pipeline"
  }

  variables {
    # A column that takes nothing.
    contracts = { planes = { key = ["a"], columns = { a = { type = "string", required = true, max_length = 0 } } } }
  }

  expect_failures = [var.contracts]
}
