# The project: where its source is, how it is built, and how long that may take.
locals {
  project_name = "${var.foundation.name}-${replace(var.name, "_", "-")}"
  project_arn  = "arn:${var.foundation.partition}:codebuild:${var.foundation.region}:${var.foundation.account_id}:project/${local.project_name}"

  # Builds run on the processor that functions run on. Both images have Python 3.13.
  # https://docs.aws.amazon.com/codebuild/latest/userguide/available-runtimes.html
  machines = {
    arm64  = { type = "ARM_CONTAINER", image = "aws/codebuild/amazonlinux-aarch64-standard:3.0" }
    x86_64 = { type = "LINUX_CONTAINER", image = "aws/codebuild/amazonlinux-x86_64-standard:5.0" }
  }
}

resource "aws_codebuild_project" "this" {
  name                   = local.project_name
  description            = var.description
  service_role           = aws_iam_role.this.arn
  build_timeout          = var.limits.timeout_minutes
  queued_timeout         = var.limits.queued_minutes
  concurrent_build_limit = var.limits.concurrent_builds
  encryption_key         = var.foundation.kms_key_arn
  project_visibility     = "PRIVATE"

  source {
    type            = var.source_of.github == null ? "CODECOMMIT" : "GITHUB"
    location        = var.source_of.github == null ? var.source_of.codecommit.clone_url : "https://github.com/${var.source_of.github.repository}.git"
    buildspec       = var.buildspec
    git_clone_depth = 0 # the whole history: any commit may be asked for, not only a branch's newest

    dynamic "auth" {
      for_each = var.source_of.github[*]

      content {
        type     = "CODECONNECTIONS"
        resource = auth.value.connection_arn
      }
    }
  }

  # Builds put what they make where their role lets them, under a name that says which run made it.
  artifacts {
    type = "NO_ARTIFACTS"
  }

  environment {
    type            = local.machines[var.foundation.architecture].type
    image           = local.machines[var.foundation.architecture].image
    compute_type    = "BUILD_GENERAL1_${upper(var.limits.compute)}"
    privileged_mode = false

    dynamic "environment_variable" {
      for_each = var.environment

      content {
        name  = environment_variable.key
        value = environment_variable.value
      }
    }
  }

  logs_config {
    cloudwatch_logs {
      group_name = aws_cloudwatch_log_group.this.name
    }
  }

  # CodeBuild tries the connection of a source with the project's role when it makes the project.
  # https://github.com/aws/aws-cdk/issues/38504
  depends_on = [aws_iam_role_policy.this]
}
