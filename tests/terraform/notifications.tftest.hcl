# modules/workflows/notifications: nothing is lost, addresses are nowhere to be read, and settings that would lose something fail the plan.
# The real provider, so that plans hold real policies; nothing here calls AWS.
provider "aws" {
  region                      = "us-east-1"
  access_key                  = "000000000000"
  secret_key                  = "test"
  skip_credentials_validation = true
  skip_requesting_account_id  = true
}

variables {
  settings = {
    channels = { ops = "slack", desk = "teams" }

    routes = [
      { name = "builds", kinds = ["build"], channels = ["desk"] },
      { name = "rest", channels = ["ops", "desk"] },
    ]
  }

  topics = {
    alarms            = { arn = "arn:aws:sns:us-east-1:000000000000:sample-test-alarms" }
    approval_workflow = { arn = "arn:aws:sns:us-east-1:000000000000:sample-test-approval-workflow", without_kinds = ["reminder", "approval_asked"] }
  }
}

run "a_safe_workflow" {
  command = plan

  module {
    source = "../../modules/workflows/notifications"
  }

  assert {
    condition     = aws_dynamodb_table.claims.deletion_protection_enabled && aws_dynamodb_table.claims.point_in_time_recovery[0].enabled && aws_dynamodb_table.claims.server_side_encryption[0].kms_key_arn == var.foundation.kms_key_arn
    error_message = "Claims must be protected, recoverable and encrypted."
  }

  assert {
    condition     = aws_dynamodb_table.claims.ttl[0].enabled && aws_dynamodb_table.claims.ttl[0].attribute_name == "remove_at"
    error_message = "Claims must remove themselves."
  }

  assert {
    condition     = output.notifications.webhooks_secret == "sample-test/notifications-webhooks"
    error_message = "Addresses must lie under the name that the boundary allows."
  }

  assert {
    condition     = jsondecode(aws_ssm_parameter.settings.value).routes[0] == { name = "builds", channels = ["desk"], min_severity = null, sources = null, kinds = ["build"], owners = null, further = null }
    error_message = "Routes must be complete."
  }

  assert {
    condition     = jsondecode(aws_ssm_parameter.settings.value).storm == { limit = 20, seconds = 300 } && jsondecode(aws_ssm_parameter.settings.value).owner_tag == "owner"
    error_message = "Settings must be complete."
  }

  assert {
    condition     = toset(keys(aws_sns_topic_subscription.topic)) == toset(["alarms", "approval_workflow"]) && alltrue([for topic in aws_sns_topic_subscription.topic : topic.protocol == "sqs" && !topic.raw_message_delivery])
    error_message = "Every topic must be listened to, with what SNS says of each message."
  }

  assert {
    condition     = jsondecode(aws_sns_topic_subscription.topic["approval_workflow"].filter_policy) == { kind = [{ anything-but = ["approval_asked", "reminder"] }, { exists = false }] }
    error_message = "Messages with links of one person's alone must be left out."
  }

  assert {
    condition     = aws_sns_topic_subscription.topic["alarms"].filter_policy == null
    error_message = "No alarm may be left out."
  }

  assert {
    condition     = aws_cloudwatch_log_group.triage.name == "/workflows/sample-test/notifications/triage" && aws_cloudwatch_log_group.triage.kms_key_id == var.foundation.kms_key_arn
    error_message = "What operators move must be recorded, encrypted."
  }

  assert {
    condition     = [module.function.name] == [for file in fileset("../../lambda_src/notifications/handlers", "*.py") : "sample-test-notifications-${replace(trimsuffix(file, ".py"), "_", "-")}" if file != "__init__.py"]
    error_message = "There must be a function for each handler, and no other."
  }

  assert {
    condition     = length(local.alternatives) == 7 && length(jsonencode({ "$or" = local.alternatives })) < 2048
    error_message = "All events must be heard of, and the pattern must not be longer than EventBridge takes."
  }
}

run "some_events_only" {
  command = plan

  module {
    source = "../../modules/workflows/notifications"
  }

  variables {
    events = ["costs"]
    topics = {}
  }

  assert {
    condition     = jsonencode(local.said_by) == "{\"source\":[\"aws.ce\"]}" && length(local.alternatives) == 1 && length(aws_sns_topic_subscription.topic) == 0
    error_message = "What an environment does not want to hear must be left out."
  }
}

run "refuses_first" {
  command = plan

  module {
    source = "../../modules/workflows/notifications"
  }

  variables {
    # Events that nobody knows.
    events = ["builds", "births"]

    # To come back when nobody cares any more.
    limits = { max_backoff_seconds = 7200 }

    # A channel of an unknown kind.
    settings = { channels = { ops = "irc" }, routes = [{ name = "rest", channels = ["ops"] }] }

    # A topic by its name.
    topics = { alarms = { arn = "sample-test-alarms" } }

    # An address in place of a host.
    web = { hosts = ["https://hooks.slack.com"] }
  }

  expect_failures = [var.events, var.limits, var.settings, var.topics, var.web]
}

run "refuses_second" {
  command = plan

  module {
    source = "../../modules/workflows/notifications"
  }

  variables {
    # A function that ends before two slow channels have answered.
    limits = { post_seconds = 20, timeout_seconds = 45 }

    # A name that is none.
    settings = { channels = { "#ops" = "slack" }, routes = [{ name = "rest", channels = ["#ops"] }] }
  }

  expect_failures = [var.limits, var.settings]
}

run "refuses_third" {
  command = plan

  module {
    source = "../../modules/workflows/notifications"
  }

  variables {
    # To remember for a day what may have changed.
    limits = { keep_seconds = 86400 }

    # A channel that is not there.
    settings = { channels = { ops = "slack" }, routes = [{ name = "rest", channels = ["opps"] }] }
  }

  expect_failures = [var.limits, var.settings]
}

run "refuses_fourth" {
  command = plan

  module {
    source = "../../modules/workflows/notifications"
  }

  variables {
    # A severity that nobody knows.
    settings = { channels = {}, routes = [{ name = "loud", min_severity = "loud", channels = [] }, { name = "rest", channels = [] }] }
  }

  expect_failures = [var.settings]
}

run "refuses_fifth" {
  command = plan

  module {
    source = "../../modules/workflows/notifications"
  }

  variables {
    # Two routes of one name.
    settings = { channels = {}, routes = [{ name = "rest", kinds = ["build"], channels = [] }, { name = "rest", channels = [] }] }
  }

  expect_failures = [var.settings]
}

run "refuses_sixth" {
  command = plan

  module {
    source = "../../modules/workflows/notifications"
  }

  variables {
    # A last route that something gets past.
    settings = { channels = {}, routes = [{ name = "bad", min_severity = "error", channels = [] }] }
  }

  expect_failures = [var.settings]
}

run "refuses_seventh" {
  command = plan

  module {
    source = "../../modules/workflows/notifications"
  }

  variables {
    # A storm that lasts longer than SQS keeps its reminder.
    settings = { channels = {}, routes = [{ name = "rest", channels = [] }], storm = { seconds = 3600 } }
  }

  expect_failures = [var.settings]
}

run "refuses_eighth" {
  command = plan

  module {
    source = "../../modules/workflows/notifications"
  }

  variables {
    # To say nothing twice for a week.
    settings = { channels = {}, routes = [{ name = "rest", channels = [] }], duplicate_seconds = 604800 }
  }

  expect_failures = [var.settings]
}

run "refuses_ninth" {
  command = plan

  module {
    source = "../../modules/workflows/notifications"
  }

  variables {
    # No routes at all.
    settings = { channels = {}, routes = [] }
  }

  expect_failures = [var.settings]
}

run "addresses_are_issued_by_a_function" {
  command = plan

  module {
    source = "../../modules/workflows/notifications"
  }

  variables {
    webhooks = { issuer_arn = "arn:aws:lambda:us-east-1:000000000000:function:sample-test-issuer:live" }
  }

  assert {
    condition     = module.webhooks.name == "sample-test/notifications-webhooks"
    error_message = "The secret must be the same, whoever replaces its value."
  }
}

run "a_function_of_others_issues_nothing" {
  command         = plan
  expect_failures = [var.webhooks]

  module {
    source = "../../modules/workflows/notifications"
  }

  variables {
    webhooks = { issuer_arn = "arn:aws:lambda:us-east-1:000000000000:function:others:live" }
  }
}
