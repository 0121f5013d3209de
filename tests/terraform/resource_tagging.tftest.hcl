# modules/workflows/resource_tagging: what has an owner keeps it, and what was made tells in the event.
# The real provider, so that plans hold real policies; nothing here calls AWS.
provider "aws" {
  region                      = "us-east-1"
  access_key                  = "000000000000"
  secret_key                  = "test"
  skip_credentials_validation = true
  skip_requesting_account_id  = true
}

variables {
  settings = {}
}

run "never_overwrites" {
  command = plan

  module {
    source = "../../modules/workflows/resource_tagging"
  }

  assert {
    condition     = local.functions.tag_resources.environment.DRY_RUN == "true"
    error_message = "Unless its value says otherwise, an environment touches nothing."
  }

  assert {
    condition     = contains(local.functions.tag_resources.permissions.TagWhatHasNoOwner.conditions, { test = "Null", variable = "aws:ResourceTag/owner", values = ["true"] })
    error_message = "What has an owner must keep it."
  }

  assert {
    condition     = contains(local.functions.tag_resources.permissions.TagWhatHasNoOwner.conditions[*].variable, "aws:ResourceAccount") && contains(local.functions.tag_resources.permissions.TagWhatHasNoOwner.conditions, { test = "ForAllValues:StringEquals", variable = "aws:TagKeys", values = ["owner", "owner-found-by", "owner-since"] })
    error_message = "Nothing but the owner's three tags may be written, and in this account."
  }

  assert {
    condition     = local.functions.tag_resources.timeout_seconds - 5 < 0.9 * local.functions.tag_resources.timeout_seconds
    error_message = "A function that waits for EC2 as long as it may must not raise the alarm on its duration."
  }

  assert {
    condition     = aws_cloudwatch_metric_alarm.coverage.treat_missing_data == "breaching" && aws_cloudwatch_metric_alarm.coverage.threshold == 90
    error_message = "Too few owners must be told, and that nobody counts."
  }

  assert {
    condition     = toset(keys(local.functions)) == toset([for file in fileset("../../lambda_src/resource_tagging/handlers", "*.py") : trimsuffix(file, ".py") if strcontains(file("../../lambda_src/resource_tagging/handlers/${file}"), "\ndef handler(")])
    error_message = "There must be a function for each handler, and no other."
  }
}

run "refuses_first" {
  command = plan

  module {
    source = "../../modules/workflows/resource_tagging"
  }

  variables {
    # AWS's own tag.
    settings = { owner_tag = "aws:owner" }

    # Longer than CloudWatch looks back.
    limits = { silent_hours = 169 }
  }

  expect_failures = [var.settings, var.limits]
}

run "refuses_second" {
  command = plan

  module {
    source = "../../modules/workflows/resource_tagging"
  }

  variables {
    # More than everything.
    settings = { min_coverage_percent = 101 }
  }

  expect_failures = [var.settings]
}
