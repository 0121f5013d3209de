# modules/workflows/gitops_pipeline: builds can do their task and nothing besides, and no push changes what judges it.
# The real provider, so that plans hold real policies; nothing here calls AWS.
provider "aws" {
  region                      = "us-east-1"
  access_key                  = "000000000000"
  secret_key                  = "test"
  skip_credentials_validation = true
  skip_requesting_account_id  = true
}

variables {
  repository = { name = "tools" }

  approvals = {
    open_decision    = "arn:aws:lambda:us-east-1:000000000000:function:sample-test-approval-workflow-open-decision:live"
    ask_approvers    = "arn:aws:lambda:us-east-1:000000000000:function:sample-test-approval-workflow-ask-approvers:live"
    close_request    = "arn:aws:lambda:us-east-1:000000000000:function:sample-test-approval-workflow-close-request:live"
    deadline_seconds = 86400
    people           = ["ada", "bert", "cleo"]
  }

  target = {
    name           = "sample-test"
    plan_role_arn  = "arn:aws:iam::000000000000:role/deploy-sample-test-plan"
    apply_role_arn = "arn:aws:iam::000000000000:role/deploy-sample-test-apply"
  }

  settings = {
    branches      = { main = { environment = "sample", protected = false } }
    thresholds    = { policy_scan = "HIGH", secret_scan = "LOW", dependency_audit = "HIGH", unit_tests = "LOW" }
    lease_seconds = 7200
    canary        = [{ percent = 10, minutes = 5 }, { percent = 50, minutes = 10 }]
  }
}

# Step Functions would be asked to check a definition that is known to the last ARN.
override_resource {
  target = module.state_machine.aws_sfn_state_machine.this
}

run "a_safe_workflow" {
  command = plan

  module {
    source = "../../modules/workflows/gitops_pipeline"
  }

  assert {
    condition     = aws_codecommit_repository.this.repository_name == "sample-test-tools" && aws_codecommit_repository.this.kms_key_id == var.foundation.kms_key_arn
    error_message = "The repository carries the foundation's name and is encrypted with its key."
  }

  assert {
    condition     = alltrue([for table in [aws_dynamodb_table.ledger] : table.deletion_protection_enabled && table.point_in_time_recovery[0].enabled && table.server_side_encryption[0].kms_key_arn == var.foundation.kms_key_arn && table.ttl[0].attribute_name == "remove_at"])
    error_message = "The ledger must be protected, recoverable and encrypted, and forget by itself."
  }

  assert {
    condition     = toset(keys(local.steps)) == toset([for file in fileset("../../lambda_src/gitops_pipeline/handlers", "*.py") : trimsuffix(file, ".py") if strcontains(file("../../lambda_src/gitops_pipeline/handlers/${file}"), "\ndef handler(")])
    error_message = "There must be a function for each handler, and no other."
  }

  assert {
    condition     = toset([for file in fileset("../../modules/workflows/gitops_pipeline/buildspecs", "*.yml") : trimsuffix(file, ".yml")]) == toset(concat(keys(local.projects), ["mirror"]))
    error_message = "There must be a project for each build specification, and no other."
  }

  assert {
    condition     = jsondecode(aws_ssm_parameter.settings.value).branches.main == { environment = "sample", protected = false, approvers = [], needed = 1 }
    error_message = "Settings must be complete."
  }

  assert {
    condition     = length(module.mirror) == 0 && length(aws_codebuild_webhook.mirror) == 0
    error_message = "Without GitHub, nothing comes from there."
  }
}

run "signs_as_the_build_only" {
  command = plan

  module {
    source = "../../modules/workflows/gitops_pipeline"
  }

  assert {
    condition     = aws_kms_key.signing.customer_master_key_spec == "ECC_NIST_P256" && aws_kms_key.signing.key_usage == "SIGN_VERIFY" && aws_kms_key.signing.deletion_window_in_days == 30
    error_message = "The key must be one to sign with, and slow to go."
  }

  assert {
    condition     = alltrue([for statement in jsondecode(data.aws_iam_policy_document.signing_key.json).Statement : statement.Principal == { AWS = "arn:aws:iam::000000000000:root" }])
    error_message = "The key's policy must be about this account and nobody else."
  }

  assert {
    condition     = [for statement in jsondecode(data.aws_iam_policy_document.signing_key.json).Statement : [statement.Action, statement.Condition.ArnNotEquals["aws:PrincipalArn"]] if statement.Effect == "Deny"] == [["kms:Sign", "arn:aws:iam::000000000000:role/sample-test-gitops-pipeline-build"]]
    error_message = "Whatever somebody is allowed, only builds may sign."
  }

  assert {
    condition     = [for name, project in local.projects : name if contains(flatten(values(project.permissions)[*].actions), "kms:Sign")] == ["build"] && [for name, step in local.steps : name if contains(flatten(values(step.permissions)[*].actions), "kms:Verify")] == ["read_manifest"]
    error_message = "One build signs, and one function outside the repository verifies."
  }
}

run "gives_each_build_its_own_task" {
  command = plan

  module {
    source = "../../modules/workflows/gitops_pipeline"
  }

  assert {
    condition     = toset(keys(module.project)) == toset(["apply", "build", "dependency_audit", "plan", "policy_scan", "secret_scan", "smoke_test", "unit_tests"]) && alltrue([for name, project in module.project : project.name == "sample-test-gitops-pipeline-${replace(name, "_", "-")}"])
    error_message = "Each task must have a project, and so a role, of its own."
  }

  assert {
    condition     = { for name, project in local.projects : name => flatten([for grant in values(project.permissions) : grant.resources if contains(grant.actions, "sts:AssumeRole")]) if contains(flatten(values(project.permissions)[*].actions), "sts:AssumeRole") } == { apply = [var.target.apply_role_arn], plan = [var.target.plan_role_arn] }
    error_message = "A plan becomes the role that plans, an apply the one that applies, and no other build becomes anything."
  }

  assert {
    condition     = alltrue([for scan in local.scans : [for grant in values(local.projects[scan].permissions) : grant.resources if contains(grant.actions, "s3:PutObject")] == [["arn:aws:s3:::sample-test-gitops-pipeline-000000000000-us-east-1/runs/*/reports/${scan}.json"]]])
    error_message = "A scan writes its own report, and none but this."
  }

  assert {
    condition     = { for name, project in local.projects : name => flatten([for grant in values(project.permissions) : [for resource in grant.resources : trimprefix(resource, "${local.bucket_arn}/")] if contains(grant.actions, "s3:PutObject")]) if !contains(local.scans, name) } == { apply = [], build = ["artifacts/*"], plan = ["runs/*/plan.*"], smoke_test = [] }
    error_message = "Only a build makes artifacts, and only a plan makes plans."
  }

  assert {
    condition     = !anytrue([for action in flatten([for project in values(local.projects) : values(project.permissions)[*].actions]) : startswith(action, "codecommit:") || startswith(action, "iam:") || startswith(action, "dynamodb:") || startswith(action, "states:")])
    error_message = "No build pushes, and none touches what the machine and its functions know."
  }

  assert {
    condition     = local.projects.apply.concurrent == 1
    error_message = "Only one apply of an environment may run at a time."
  }
}

run "starts_for_branches_of_its_repository" {
  command = plan

  module {
    source = "../../modules/workflows/gitops_pipeline"
  }

  assert {
    condition     = jsondecode(jsonencode(local.pushes)) == { source = ["aws.codecommit"], detail-type = ["CodeCommit Repository State Change"], resources = ["arn:aws:codecommit:us-east-1:000000000000:sample-test-tools"], detail = { referenceType = ["branch"] } }
    error_message = "Pushes to this repository's branches start the machine, and nothing else does."
  }

  assert {
    condition     = [for step in ["remember_versions", "judge_canary"] : local.steps[step].environment.TARGET_PREFIX] == ["sample-test-", "sample-test-"]
    error_message = "What is deployed is found by its name."
  }

  assert {
    condition     = alltrue(flatten([for step in values(local.steps) : [for grant in values(step.permissions) : grant.resources == ["arn:aws:lambda:us-east-1:000000000000:function:sample-test-*"] if anytrue([for action in grant.actions : startswith(action, "lambda:") && action != "lambda:ListFunctions"])]]))
    error_message = "Functions move the aliases of what is deployed, and no others."
  }
}

run "takes_what_is_pushed_to_github" {
  command = plan

  module {
    source = "../../modules/workflows/gitops_pipeline"
  }

  variables {
    repository = { name = "tools", github = { repository = "example-org/tools", connection_arn = "arn:aws:codeconnections:us-east-1:000000000000:connection/0b4c" } }

    settings = {
      branches      = { main = { environment = "sample", protected = false }, "release/1.0" = { environment = "other", approvers = ["ada", "bert"], needed = 2 } }
      thresholds    = { policy_scan = "HIGH", secret_scan = "LOW", dependency_audit = "HIGH", unit_tests = "LOW" }
      lease_seconds = 90000
    }
  }

  assert {
    condition     = [for group in aws_codebuild_webhook.mirror["mirror"].filter_group : [for filter in group.filter : filter.pattern]] == [["PUSH", "^refs/heads/main$"], ["PUSH", "^refs/heads/release/1\\.0$"]]
    error_message = "Pushes to branches that are deployed are copied, and no others."
  }

  assert {
    condition     = module.mirror["mirror"].name == "sample-test-gitops-pipeline-mirror" && local.refs == ["refs/heads/main", "refs/heads/release/1.0"]
    error_message = "Copies are made by a project of its own."
  }

  assert {
    condition     = local.projects.apply.concurrent == 2
    error_message = "Each environment may have its apply."
  }
}

run "refuses_first" {
  command = plan

  module {
    source = "../../modules/workflows/gitops_pipeline"
  }

  variables {
    # Capitals in a name.
    repository = { name = "Tools" }

    # What is no address.
    subscriber_emails = ["team"]

    # A name that ends in a hyphen.
    target = { name = "sample-test-", plan_role_arn = "arn:aws:iam::000000000000:role/deploy-plan", apply_role_arn = "arn:aws:iam::000000000000:role/deploy-apply" }
  }

  expect_failures = [var.repository, var.subscriber_emails, var.target]
}

run "refuses_second" {
  command = plan

  module {
    source = "../../modules/workflows/gitops_pipeline"
  }

  variables {
    # Longer than the machine waits.
    limits = { apply_minutes = 60, queued_minutes = 90 }

    # Roles of another account.
    target = { name = "sample-test", plan_role_arn = "arn:aws:iam::000000000001:role/deploy-plan", apply_role_arn = "arn:aws:iam::000000000000:role/deploy-apply" }
  }

  expect_failures = [var.limits, var.target]
}

run "refuses_third" {
  command = plan

  module {
    source = "../../modules/workflows/gitops_pipeline"
  }

  variables {
    # Longer than credentials last.
    limits = { apply_minutes = 90 }

    # One role for both.
    target = { name = "sample-test", plan_role_arn = "arn:aws:iam::000000000000:role/deploy", apply_role_arn = "arn:aws:iam::000000000000:role/deploy" }
  }

  expect_failures = [var.limits, var.target]
}

run "refuses_fourth" {
  command = plan

  module {
    source = "../../modules/workflows/gitops_pipeline"
  }

  variables {
    # More time to decide than a run has.
    approvals = merge(var.approvals, { deadline_seconds = 2592000 })

    # Artifacts that go while people decide.
    retention = { artifacts_days = 7 }
  }

  expect_failures = [var.approvals, var.retention]
}

run "refuses_fifth" {
  command = plan

  module {
    source = "../../modules/workflows/gitops_pipeline"
  }

  variables {
    # A branch by its whole reference.
    settings = {
      branches      = { "refs/heads/main" = { environment = "sample", protected = false } }
      thresholds    = { policy_scan = "HIGH", secret_scan = "LOW", dependency_audit = "HIGH", unit_tests = "LOW" }
      lease_seconds = 7200
      canary        = []
    }
  }

  expect_failures = [var.settings]
}

run "refuses_sixth" {
  command = plan

  module {
    source = "../../modules/workflows/gitops_pipeline"
  }

  variables {
    # A pattern for branches.
    settings = {
      branches      = { "release/*" = { environment = "sample", protected = false } }
      thresholds    = { policy_scan = "HIGH", secret_scan = "LOW", dependency_audit = "HIGH", unit_tests = "LOW" }
      lease_seconds = 7200
      canary        = []
    }
  }

  expect_failures = [var.settings]
}

run "refuses_seventh" {
  command = plan

  module {
    source = "../../modules/workflows/gitops_pipeline"
  }

  variables {
    # A path out of the environments.
    settings = {
      branches      = { main = { environment = "../sample", protected = false } }
      thresholds    = { policy_scan = "HIGH", secret_scan = "LOW", dependency_audit = "HIGH", unit_tests = "LOW" }
      lease_seconds = 7200
      canary        = []
    }
  }

  expect_failures = [var.settings]
}

run "refuses_eighth" {
  command = plan

  module {
    source = "../../modules/workflows/gitops_pipeline"
  }

  variables {
    # Two branches for one environment.
    settings = {
      branches      = { main = { environment = "sample", protected = false }, next = { environment = "sample", protected = false } }
      thresholds    = { policy_scan = "HIGH", secret_scan = "LOW", dependency_audit = "HIGH", unit_tests = "LOW" }
      lease_seconds = 7200
      canary        = []
    }
  }

  expect_failures = [var.settings]
}

run "refuses_ninth" {
  command = plan

  module {
    source = "../../modules/workflows/gitops_pipeline"
  }

  variables {
    # An approver whom nobody knows.
    settings = {
      branches      = { main = { environment = "sample", approvers = ["ada", "zoe"] } }
      thresholds    = { policy_scan = "HIGH", secret_scan = "LOW", dependency_audit = "HIGH", unit_tests = "LOW" }
      lease_seconds = 90000
      canary        = []
    }
  }

  expect_failures = [var.settings]
}

run "refuses_tenth" {
  command = plan

  module {
    source = "../../modules/workflows/gitops_pipeline"
  }

  variables {
    # More approvals than approvers.
    settings = {
      branches      = { main = { environment = "sample", approvers = ["ada", "ada"], needed = 2 } }
      thresholds    = { policy_scan = "HIGH", secret_scan = "LOW", dependency_audit = "HIGH", unit_tests = "LOW" }
      lease_seconds = 90000
      canary        = []
    }
  }

  expect_failures = [var.settings]
}

run "refuses_eleventh" {
  command = plan

  module {
    source = "../../modules/workflows/gitops_pipeline"
  }

  variables {
    # A scan too few.
    settings = {
      branches      = { main = { environment = "sample", protected = false } }
      thresholds    = { policy_scan = "HIGH", secret_scan = "LOW", dependency_audit = "HIGH" }
      lease_seconds = 7200
      canary        = []
    }
  }

  expect_failures = [var.settings]
}

run "refuses_twelfth" {
  command = plan

  module {
    source = "../../modules/workflows/gitops_pipeline"
  }

  variables {
    # A severity that no report has.
    settings = {
      branches      = { main = { environment = "sample", protected = false } }
      thresholds    = { policy_scan = "SEVERE", secret_scan = "LOW", dependency_audit = "HIGH", unit_tests = "LOW" }
      lease_seconds = 7200
      canary        = []
    }
  }

  expect_failures = [var.settings]
}

run "refuses_thirteenth" {
  command = plan

  module {
    source = "../../modules/workflows/gitops_pipeline"
  }

  variables {
    # A canary that falls.
    settings = {
      branches      = { main = { environment = "sample", protected = false } }
      thresholds    = { policy_scan = "HIGH", secret_scan = "LOW", dependency_audit = "HIGH", unit_tests = "LOW" }
      lease_seconds = 7200
      canary        = [{ percent = 50, minutes = 5 }, { percent = 10, minutes = 5 }]
    }
  }

  expect_failures = [var.settings]
}

run "refuses_fourteenth" {
  command = plan

  module {
    source = "../../modules/workflows/gitops_pipeline"
  }

  variables {
    # A canary that is watched for days.
    settings = {
      branches      = { main = { environment = "sample", protected = false } }
      thresholds    = { policy_scan = "HIGH", secret_scan = "LOW", dependency_audit = "HIGH", unit_tests = "LOW" }
      lease_seconds = 90000
      canary        = [{ percent = 10, minutes = 1000 }, { percent = 50, minutes = 1000 }]
    }
  }

  expect_failures = [var.settings]
}

run "refuses_fifteenth" {
  command = plan

  module {
    source = "../../modules/workflows/gitops_pipeline"
  }

  variables {
    # A lease that ends while people decide.
    settings = {
      branches      = { main = { environment = "sample", approvers = ["ada"] } }
      thresholds    = { policy_scan = "HIGH", secret_scan = "LOW", dependency_audit = "HIGH", unit_tests = "LOW" }
      lease_seconds = 7200
      canary        = []
    }
  }

  expect_failures = [var.settings]
}
