# modules/operations_store: a store that keeps what it must, and grants by the part.
# The real provider, so that plans hold real policies; nothing here calls AWS.
provider "aws" {
  region                      = "us-east-1"
  access_key                  = "000000000000"
  secret_key                  = "test"
  skip_credentials_validation = true
  skip_requesting_account_id  = true
}

variables {
  name       = "sample_work"
  recipients = { operators = "team@example.com", ada = "ada@example.com" }
  settings   = jsonencode({ dry_run = true, limits = { max_count = 10, max_gib = 100, max_percent = 5 }, prices = { gp3 = "0.08" } })
}

run "a_safe_store" {
  command = plan

  module {
    source = "../../modules/operations_store"
  }

  assert {
    condition     = module.bucket.name == "sample-test-sample-work-000000000000-us-east-1" && aws_dynamodb_table.ledger.deletion_protection_enabled
    error_message = "What was done must outlive a destroy."
  }

  assert {
    condition     = aws_dynamodb_table.ledger.hash_key == "run_id" && aws_dynamodb_table.ledger.range_key == "resource_id" && aws_dynamodb_table.ledger.ttl[0].attribute_name == "remove_at" && aws_dynamodb_table.ledger.point_in_time_recovery[0].enabled
    error_message = "The ledger must have the keys that the functions know, forget, and be recoverable."
  }

  assert {
    condition     = aws_dynamodb_table.ledger.server_side_encryption[0].kms_key_arn == var.foundation.kms_key_arn
    error_message = "Everything must be encrypted with the foundation's key."
  }

  assert {
    condition     = aws_ssm_parameter.settings.name == "/sample-test/sample_work/settings" && jsondecode(aws_ssm_parameter.settings.value).prices.gp3 == "0.08"
    error_message = "The settings must be where the functions read them, and prices exact."
  }
}

run "grants_by_the_part" {
  command = plan

  module {
    source = "../../modules/operations_store"
  }

  assert {
    condition     = keys(local.permissions.claim) == ["ClaimInLedger", "UseTheKeyForLedger"] && local.permissions.claim.ClaimInLedger.actions == ["dynamodb:PutItem"]
    error_message = "Whoever claims may read and remove nothing."
  }

  assert {
    condition     = alltrue(flatten([for part in values(local.permissions) : [for grant in values(part) : [for resource in grant.resources : strcontains(resource, "sample-work") || resource == local.settings_arn || resource == var.foundation.kms_key_arn]]]))
    error_message = "Nothing but the store may be granted."
  }

  assert {
    condition     = alltrue(flatten([for part in values(local.permissions) : [for grant in values(part) : anytrue([for condition in try(grant.conditions, []) : condition.variable == "kms:ViaService"]) if contains(grant.resources, var.foundation.kms_key_arn)]]))
    error_message = "The key may be used through the services only."
  }

  assert {
    condition     = !anytrue(flatten([for part in values(local.permissions) : [for grant in values(part) : [for action in grant.actions : can(regex("(Scan|DeleteItem|DeleteObject|UpdateItem)$", action))]]]))
    error_message = "Nobody may remove what was accounted for."
  }
}

run "refuses_first" {
  command = plan

  module {
    source = "../../modules/operations_store"
  }

  variables {
    # A name in the wrong case.
    name = "Sample-Work"

    # What is no address.
    recipients = { operators = "team" }

    # Plans that are gone before their run.
    retention = { plans_days = 1 }

    # No object.
    settings = "[]"
  }

  expect_failures = [var.name, var.recipients, var.retention, var.settings]
}

run "refuses_second" {
  command = plan

  module {
    source = "../../modules/operations_store"
  }

  variables {
    # Nobody who hears of failures.
    recipients = { ada = "ada@example.com" }

    # More than a parameter holds.
    settings = jsonencode({ limits = { max_count = 1, max_gib = 1, max_percent = 1 }, prices = { for number in range(600) : "type-${number}" => "0.08" } })
  }

  expect_failures = [var.recipients, var.settings]
}

run "refuses_third" {
  command = plan

  module {
    source = "../../modules/operations_store"
  }

  variables {
    # A share of more than everything.
    settings = jsonencode({ limits = { max_count = 1, max_gib = 1, max_percent = 101 }, prices = {} })
  }

  expect_failures = [var.settings]
}

run "refuses_fourth" {
  command = plan

  module {
    source = "../../modules/operations_store"
  }

  variables {
    # A price that is no decimal.
    settings = jsonencode({ limits = { max_count = 1, max_gib = 1, max_percent = 1 }, prices = { gp3 = "cheap" } })
  }

  expect_failures = [var.settings]
}

run "refuses_fifth" {
  command = plan

  module {
    source = "../../modules/operations_store"
  }

  variables {
    # A tag with a space.
    settings = jsonencode({ limits = { max_count = 1, max_gib = 1, max_percent = 1 }, prices = {}, owner_tag = "our owner" })
  }

  expect_failures = [var.settings]
}

run "refuses_sixth" {
  command = plan

  module {
    source = "../../modules/operations_store"
  }

  variables {
    # Nobody who works.
    settings = jsonencode({ limits = { max_count = 1, max_gib = 1, max_percent = 1 }, prices = {}, workers = 0 })
  }

  expect_failures = [var.settings]
}

run "refuses_seventh" {
  command = plan

  module {
    source = "../../modules/operations_store"
  }

  variables {
    # A rate at which nothing is ever done.
    settings = jsonencode({ limits = { max_count = 1, max_gib = 1, max_percent = 1 }, prices = {}, rates = { DeleteVolume = { burst = 100, per_second = 0 } } })
  }

  expect_failures = [var.settings]
}
