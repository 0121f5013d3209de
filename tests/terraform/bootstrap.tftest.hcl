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
  target          = aws_s3_bucket.state
  override_during = plan
  values          = { arn = "arn:aws:s3:::tfstate-sample-test-000000000000-us-east-1", id = "tfstate-sample-test-000000000000-us-east-1" }
}
override_resource {
  target          = aws_kms_key.state
  override_during = plan
  values          = { arn = "arn:aws:kms:us-east-1:000000000000:key/state", key_id = "state" }
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
    condition     = alltrue([for document in data.aws_iam_policy_document.trust : [for statement in jsondecode(document.json).Statement : statement.Sid] == ["BecomeByToken", "BecomeByBuild"] && strcontains(document.json, "role/sample-test-gitops-pipeline-")])
    error_message = "Jobs and the builds of this environment's own pipeline are let in."
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
    condition     = alltrue([for permission in values(local.read) : alltrue([for action in permission.actions : !can(regex("^(dynamodb:(Get|Query|Scan)|s3:GetObject|secretsmanager:GetSecretValue|sqs:Receive|kms:Decrypt)", action)) || alltrue([for resource in permission.resources : strcontains(resource, "tfstate-") || strcontains(resource, "-packages-") || resource == aws_kms_key.state.arn])])])
    error_message = "A plan must not read what is stored, but for the state and the zips."
  }

  assert {
    condition     = [for statement in jsondecode(data.aws_iam_policy_document.read.json).Statement : keys(statement.Condition) if statement.Sid == "OpenParameters"] == [["StringEquals", "StringLike"]] && endswith(one([for statement in jsondecode(data.aws_iam_policy_document.read.json).Statement : statement if statement.Sid == "OpenParameters"]).Condition.StringLike["kms:EncryptionContext:PARAMETER_ARN"], ":parameter/${var.name}/*")
    error_message = "A plan must open the environment's own parameters, through Parameter Store, and nothing else under the key."
  }

  assert {
    condition     = !contains(local.read.ReadMachines.actions, "states:DescribeExecution") && toset(one([for statement in jsondecode(data.aws_iam_policy_document.read.json).Statement : statement if statement.Sid == "OpenPackagesRepositoriesAndMachines"]).Condition.StringEquals["kms:ViaService"]) == toset([for service in ["states", "s3", "codecommit"] : "${service}.us-east-1.amazonaws.com"])
    error_message = "A plan must open definitions of state machines, zips and what repositories are like; no executions."
  }

  assert {
    condition     = [for statement in jsondecode(data.aws_iam_policy_document.boundary.json).Statement : statement if try(contains(flatten([statement.Action]), "kms:Decrypt"), false)] == [{ Sid = "ReadRuns", Effect = "Allow", Action = "kms:Decrypt", Resource = "arn:aws:kms:*:000000000000:key/*", Condition = { StringLike = { "kms:EncryptionContext:aws:states:stateMachineArn" = "*:sample-test-*" } } }]
    error_message = "Within the boundary a role opens by itself what its environment's machines encrypted, and nothing else."
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

run "lets_in_the_pipelines_own_builds" {
  command = plan

  module {
    source = "../../modules/bootstrap"
  }

  variables {
    repository = null
    pipeline   = "sample-tools"
  }

  assert {
    condition     = length(aws_iam_openid_connect_provider.github) == 0 && alltrue([for document in data.aws_iam_policy_document.trust : !strcontains(document.json, "Federated")])
    error_message = "Without a repository in GitHub, nobody comes from there."
  }

  assert {
    condition     = alltrue([for job, document in data.aws_iam_policy_document.trust : one(jsondecode(document.json).Statement).Condition == { ArnEquals = { "aws:PrincipalArn" = "arn:aws:iam::000000000000:role/sample-tools-gitops-pipeline-${job}" } }])
    error_message = "A deploy role trusts the builds of its own name, of the pipeline that deploys here, and nobody else."
  }

  assert {
    condition     = one([for statement in jsondecode(data.aws_iam_policy_document.manage.json).Statement : statement if statement.Sid == "ManageProjects"]).Resource == "arn:aws:codebuild:us-east-1:000000000000:project/sample-test-*"
    error_message = "An apply may change this environment's projects only."
  }

  assert {
    condition     = local.bounds.Deploy.resources == ["arn:aws:iam::000000000000:role/deploy-sample-test-*"]
    error_message = "Within the boundary a role becomes a deploy role of this environment, and no other."
  }
}

run "signs_for_nobody_else" {
  command = plan

  module {
    source = "../../modules/bootstrap"
  }

  assert {
    condition     = alltrue([for sid in ["DeleteMarked", "DeleteOwn", "ScaleGroups", "StartStopped", "StopWarned", "Tag"] : length(local.operations_bounds[sid].conditions) == 1])
    error_message = "Within the boundary, nothing is deleted, stopped, started or tagged but by its tags."
  }

  assert {
    condition     = contains(one(local.operations_bounds.Tag.conditions).values, "backup-by") && contains(one(local.operations_bounds.Tag.conditions).values, "workflow")
    error_message = "Within the boundary, nobody may sign what others made."
  }

  assert {
    condition     = toset(flatten([for bound in values(local.operations_bounds) : [for action in bound.actions : action if can(regex("Delete(Snapshot|Volume)|Terminate", action))]])) == toset(["ec2:DeleteSnapshot", "ec2:DeleteVolume"])
    error_message = "Operations terminate nothing."
  }
}

# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
run "fits_into_iams_quotas_with_the_longest_name" {
  command = plan

  module {
    source = "../../modules/bootstrap"
  }

  variables {
    name        = "abcdefghijklmnopqrst"
    environment = "abcdefghijklmnopqrst"
  }

  assert {
    condition     = length(data.aws_iam_policy_document.boundary.minified_json) <= 6144
    error_message = "The boundary has ${length(data.aws_iam_policy_document.boundary.minified_json)} characters; a policy has 6,144 at most."
  }

  assert {
    condition     = length(data.aws_iam_policy_document.read.minified_json) <= 6144
    error_message = "What a plan reads has ${length(data.aws_iam_policy_document.read.minified_json)} characters; a policy has 6,144 at most."
  }

  assert {
    condition     = length(data.aws_iam_policy_document.manage.minified_json) <= 10240
    error_message = "What an apply manages has ${length(data.aws_iam_policy_document.manage.minified_json)} characters; a role takes 10,240 inline."
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

    # Builds of any pipeline.
    pipeline = "*"
  }

  expect_failures = [var.repository, var.environment, var.name, var.old_states_days, var.pipeline]
}
