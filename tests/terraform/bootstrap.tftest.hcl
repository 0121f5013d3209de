# modules/bootstrap: only the repository's own jobs get in, and no role they make can outgrow the boundary.
# The real provider, so that plans hold real policies; nothing here calls AWS.
provider "aws" {
  region                      = "us-east-1"
  access_key                  = "000000000000"
  secret_key                  = "test"
  skip_credentials_validation = true
  skip_requesting_account_id  = true
}

variables {
  name        = "sample-test"
  environment = "test"
  repository  = "example-org/sample"
}

override_data {
  target = data.aws_caller_identity.current
  values = { account_id = "000000000000" }
}

# Known ARNs, so that the documents that name them are known too.
override_resource {
  target          = aws_iam_policy.boundary
  override_during = plan
  values          = { arn = "arn:aws:iam::000000000000:policy/sample-test-boundary" }
}
override_resource {
  target          = aws_s3_bucket.state
  override_during = plan
  values          = { arn = "arn:aws:s3:::tfstate-sample-test-000000000000-us-east-1", id = "tfstate-sample-test-000000000000-us-east-1" }
}
override_resource {
  target          = aws_kms_key.state
  override_during = plan
  values          = { arn = "arn:aws:kms:us-east-1:000000000000:key/state", key_id = "state" }
}
override_resource {
  target          = aws_iam_openid_connect_provider.github
  override_during = plan
  values          = { arn = "arn:aws:iam::000000000000:oidc-provider/token.actions.githubusercontent.com" }
}

run "lets_in_the_repositorys_own_jobs_only" {
  command = plan

  module {
    source = "../../modules/bootstrap"
  }

  assert {
    condition     = aws_s3_bucket.state.bucket == "tfstate-sample-test-000000000000-us-east-1"
    error_message = "The state must not lie in a bucket that the apply role may manage."
  }

  assert {
    condition     = alltrue([for role in aws_iam_role.deploy : startswith(role.name, "deploy-")])
    error_message = "A deploy role must not have a name that the apply role may manage."
  }

  assert {
    condition     = local.subjects.apply == ["repo:example-org/sample:environment:test"]
    error_message = "Only jobs of the protected environment may apply."
  }

  assert {
    condition     = alltrue([for subject in flatten(values(local.subjects)) : !strcontains(subject, "*")])
    error_message = "Whom a role trusts must be written out."
  }
}

run "bounds_what_an_apply_can_do" {
  command = plan

  module {
    source = "../../modules/bootstrap"
  }

  assert {
    condition     = alltrue([for permission in values(local.manage) : !contains(permission.resources, "*")])
    error_message = "What is managed must be named by the prefix."
  }

  assert {
    condition     = alltrue([for permission in values(local.read) : alltrue([for action in permission.actions : !can(regex("^(dynamodb:(Get|Query|Scan)|s3:GetObject|secretsmanager:GetSecretValue|sqs:Receive|kms:Decrypt)", action)) || alltrue([for resource in permission.resources : strcontains(resource, "tfstate-") || resource == aws_kms_key.state.arn])])])
    error_message = "A plan must not read what is stored, but for the state."
  }

  assert {
    condition     = alltrue(flatten([for permission in values(local.bounds) : [for action in permission.actions : !startswith(action, "iam:")]]))
    error_message = "No role within the boundary may touch IAM."
  }

  assert {
    condition     = one([for statement in jsondecode(data.aws_iam_policy_document.boundary.json).Statement : statement if statement.Sid == "HandRolesToHosts"]).Condition.StringEquals["iam:PassedToService"] == "ec2.amazonaws.com"
    error_message = "Within the boundary a role goes to hosts only."
  }
}

run "refuses_first" {
  command = plan

  module {
    source = "../../modules/bootstrap"
  }

  variables {
    # A repository with wildcards.
    repository = "example-org/*"

    # The default workspace.
    environment = "default"

    # A name no bucket could have.
    name = "Sample_Test"

    # To forget states early.
    old_states_days = 7
  }

  expect_failures = [var.repository, var.environment, var.name, var.old_states_days]
}
