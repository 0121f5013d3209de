# modules/build_project: a build may do what its project says, and nothing of the machine or the account beside.
# The real provider, so that plans hold real policies; nothing here calls AWS.
provider "aws" {
  region                      = "us-east-1"
  access_key                  = "000000000000"
  secret_key                  = "test"
  skip_credentials_validation = true
  skip_requesting_account_id  = true
}

variables {
  name        = "sample_tests"
  description = "Stands in for a build."
  buildspec   = "buildspecs/tests.yml"
  environment = { BUCKET = "sample" }
  permissions = { WriteReport = { actions = ["s3:PutObject"], resources = ["arn:aws:s3:::sample/reports/*"] } }

  source_of = {
    codecommit = { arn = "arn:aws:codecommit:us-east-1:000000000000:sample", clone_url = "https://git-codecommit.us-east-1.amazonaws.com/v1/repos/sample" }
  }
}

run "a_safe_project_by_default" {
  command = plan

  module {
    source = "../../modules/build_project"
  }

  assert {
    condition     = aws_codebuild_project.this.name == "sample-test-sample-tests" && aws_iam_role.this.name == "sample-test-sample-tests"
    error_message = "The AWS name is the foundation's and the module's, with hyphens."
  }

  assert {
    condition     = !aws_codebuild_project.this.environment[0].privileged_mode && aws_codebuild_project.this.project_visibility == "PRIVATE"
    error_message = "Builds have no power over their machine, and nobody outside sees them."
  }

  assert {
    condition     = aws_codebuild_project.this.encryption_key == var.foundation.kms_key_arn && aws_cloudwatch_log_group.this.kms_key_id == var.foundation.kms_key_arn
    error_message = "Everything must be encrypted with the foundation's key."
  }

  assert {
    condition     = aws_cloudwatch_log_group.this.name == "/aws/codebuild/sample-test-sample-tests" && aws_codebuild_project.this.logs_config[0].cloudwatch_logs[0].group_name == aws_cloudwatch_log_group.this.name
    error_message = "Builds must log to a group of their own."
  }

  assert {
    condition     = aws_cloudwatch_log_group.this.retention_in_days == 30
    error_message = "Logs are kept as long as the foundation says."
  }

  assert {
    condition     = aws_codebuild_project.this.source[0].type == "CODECOMMIT" && aws_codebuild_project.this.source[0].location == var.source_of.codecommit.clone_url && length(aws_codebuild_project.this.source[0].auth) == 0
    error_message = "The source is the repository."
  }

  assert {
    condition     = aws_codebuild_project.this.environment[0].type == "ARM_CONTAINER" && aws_codebuild_project.this.environment[0].compute_type == "BUILD_GENERAL1_SMALL"
    error_message = "Builds run on the functions' processor."
  }

  assert {
    condition     = aws_codebuild_project.this.build_timeout == 15 && aws_codebuild_project.this.queued_timeout == 15
    error_message = "No build may last long unless its project says so."
  }

  assert {
    condition     = aws_iam_role.this.permissions_boundary == var.foundation.permissions_boundary_arn
    error_message = "The role must stay within the boundary."
  }

  assert {
    condition     = one(jsondecode(data.aws_iam_policy_document.trust.json).Statement).Condition == { ArnEquals = { "aws:SourceArn" = "arn:aws:codebuild:us-east-1:000000000000:project/sample-test-sample-tests" }, StringEquals = { "aws:SourceAccount" = "000000000000" } }
    error_message = "Only builds of this project may have the role."
  }

  assert {
    condition     = [for statement in jsondecode(data.aws_iam_policy_document.permissions.json).Statement : statement.Sid] == ["PullSource", "UseTheKeyForSource", "WriteOwnLogs", "WriteReport"]
    error_message = "The role must hold what was asked for and what the module needs, and nothing else."
  }

  assert {
    condition     = !strcontains(data.aws_iam_policy_document.permissions.json, "CreateLogGroup") && !strcontains(data.aws_iam_policy_document.permissions.json, "GitPush")
    error_message = "A build may neither make log groups nor push."
  }

  assert {
    condition     = length(aws_cloudwatch_metric_alarm.failed_builds) == 0
    error_message = "Who waits for a build judges how it ends."
  }
}

run "builds_what_lies_in_github" {
  command = plan

  module {
    source = "../../modules/build_project"
  }

  variables {
    foundation = merge(var.foundation, { architecture = "x86_64" })
    alarms     = { runbook = "Read the build's log, mend what it says, then start it again." }
    limits     = { timeout_minutes = 5, queued_minutes = 480, concurrent_builds = 1, compute = "large" }

    source_of = {
      github = { repository = "example-org/sample", connection_arn = "arn:aws:codeconnections:us-east-1:000000000000:connection/0b4c" }
    }
  }

  assert {
    condition     = aws_codebuild_project.this.source[0].type == "GITHUB" && aws_codebuild_project.this.source[0].location == "https://github.com/example-org/sample.git"
    error_message = "The source is the repository in GitHub."
  }

  assert {
    condition     = one(aws_codebuild_project.this.source[0].auth).type == "CODECONNECTIONS" && one(aws_codebuild_project.this.source[0].auth).resource == var.source_of.github.connection_arn
    error_message = "The connection stands for credentials."
  }

  assert {
    condition     = [for statement in jsondecode(data.aws_iam_policy_document.permissions.json).Statement : statement.Sid] == ["UseConnection", "WriteOwnLogs", "WriteReport"]
    error_message = "The role may use the connection in place of a repository here."
  }

  assert {
    condition     = aws_codebuild_project.this.environment[0].type == "LINUX_CONTAINER" && aws_codebuild_project.this.environment[0].compute_type == "BUILD_GENERAL1_LARGE" && aws_codebuild_project.this.concurrent_build_limit == 1
    error_message = "The limits must be the project's."
  }

  assert {
    condition     = aws_cloudwatch_metric_alarm.failed_builds["failed-builds"].dimensions == tomap({ ProjectName = "sample-test-sample-tests" }) && aws_cloudwatch_metric_alarm.failed_builds["failed-builds"].alarm_actions == aws_cloudwatch_metric_alarm.failed_builds["failed-builds"].ok_actions
    error_message = "Failed builds that nobody waits for must be told."
  }
}

run "refuses_first" {
  command = plan

  module {
    source = "../../modules/build_project"
  }

  variables {
    # A name with hyphens.
    name = "sample-tests"

    # A runbook without sentence.
    alarms = { runbook = "see wiki" }

    # A way out of the source.
    buildspec = "../buildspecs/tests.yml"

    # A description that is no sentence.
    description = "tests"

    # Variables in small letters.
    environment = { bucket = "sample" }

    # Less time than CodeBuild gives.
    limits = { timeout_minutes = 1 }

    # No source.
    source_of = {}
  }

  expect_failures = [var.name, var.alarms, var.buildspec, var.description, var.environment, var.limits, var.source_of]
}

run "refuses_second" {
  command = plan

  module {
    source = "../../modules/build_project"
  }

  variables {
    # A name too long.
    name = "a_name_that_has_more_characters_than_any_role_in_iam_could_ever_have"

    # Reserved variables.
    environment = { CODEBUILD_BUILD_ID = "1" }

    # No build at a time.
    limits = { concurrent_builds = 0 }
  }

  expect_failures = [var.name, var.environment, var.limits]
}

run "refuses_third" {
  command = plan

  module {
    source = "../../modules/build_project"
  }

  variables {
    # To replace its own statements.
    permissions = { WriteOwnLogs = { actions = ["logs:PutLogEvents"], resources = ["arn:aws:logs:us-east-1:000000000000:log-group:other:*"] } }

    # A machine CodeBuild has not.
    limits = { compute = "tiny" }
  }

  expect_failures = [var.permissions, var.limits]
}

run "refuses_fourth" {
  command = plan

  module {
    source = "../../modules/build_project"
  }

  variables {
    # Wildcards in actions.
    permissions = { WriteReport = { actions = ["s3:Put*"], resources = ["arn:aws:s3:::sample/reports/*"] } }

  }

  expect_failures = [var.permissions]
}

run "refuses_fifth" {
  command = plan

  module {
    source = "../../modules/build_project"
  }

  variables {
    # Everything as a resource.
    permissions = { LookAround = { actions = ["lambda:ListFunctions"], resources = ["*"] } }
  }

  expect_failures = [var.permissions]
}

# While `name` or `source_of` is wrong, Terraform does not look at `permissions`, which refer to them.
run "refuses_sixth" {
  command = plan

  module {
    source = "../../modules/build_project"
  }

  variables {
    # A statement id that is no phrase.
    permissions = { write_report = { actions = ["s3:PutObject"], resources = ["arn:aws:s3:::sample/reports/*"] } }
  }

  expect_failures = [var.permissions]
}

run "refuses_seventh" {
  command = plan

  module {
    source = "../../modules/build_project"
  }

  variables {
    # A repository by its address.
    source_of = { github = { repository = "https://github.com/example-org/sample", connection_arn = "arn:aws:codeconnections:us-east-1:000000000000:connection/0b4c" } }
  }

  expect_failures = [var.source_of]
}

run "refuses_eighth" {
  command = plan

  module {
    source = "../../modules/build_project"
  }

  variables {
    # A connection under the service's name of before.
    source_of = { github = { repository = "example-org/sample", connection_arn = "arn:aws:codestar-connections:us-east-1:000000000000:connection/0b4c" } }
  }

  expect_failures = [var.source_of]
}
