# modules/topic: encrypted, and each hears what is for them.
# The real provider, so that plans hold real policies; nothing here calls AWS.
provider "aws" {
  region                      = "us-east-1"
  access_key                  = "000000000000"
  secret_key                  = "test"
  skip_credentials_validation = true
  skip_requesting_account_id  = true
}

variables {
  name              = "sample_work"
  recipients        = { operators = "team@example.com", ada = "ada@example.com" }
  subscriber_emails = ["all@example.com"]
}

run "tells_each_what_is_for_them" {
  command = plan

  module {
    source = "../../modules/topic"
  }

  assert {
    condition     = aws_sns_topic.this.name == "sample-test-sample-work" && aws_sns_topic.this.kms_master_key_id == var.foundation.kms_key_arn
    error_message = "Messages must be encrypted with the foundation's key."
  }

  assert {
    condition     = alltrue([for name, subscription in aws_sns_topic_subscription.recipient : jsondecode(subscription.filter_policy) == { recipient = [name] }])
    error_message = "A recipient must hear of their own messages only."
  }

  assert {
    condition     = alltrue([for subscription in aws_sns_topic_subscription.subscriber : subscription.filter_policy == null && subscription.endpoint == "all@example.com"])
    error_message = "Whoever subscribes to everything must hear of everything."
  }
}

run "refuses_first" {
  command = plan

  module {
    source = "../../modules/topic"
  }

  variables {
    # A name with capitals.
    name = "Sample"

    # What is no address.
    recipients        = { operators = "team" }
    subscriber_emails = ["team"]
  }

  expect_failures = [var.name, var.recipients, var.subscriber_emails]
}
