# A repository, and a project that builds it.
resource "aws_codecommit_repository" "this" {
  repository_name = var.name
  description     = "Built by a project"
  default_branch  = "main"
  tags            = { owner = "ada" }
}

resource "aws_codecommit_repository" "encrypted" {
  repository_name = "${var.name}-encrypted"
  kms_key_id      = aws_kms_key.this.arn
}

resource "aws_s3_bucket" "artifacts" {
  bucket = "${var.name}-artifacts"
}

resource "aws_codebuild_project" "source" {
  name                   = "${var.name}-source"
  description            = "Builds the repository"
  service_role           = aws_iam_role.service["codebuild"].arn
  encryption_key         = aws_kms_key.this.arn
  build_timeout          = 10
  queued_timeout         = 30
  concurrent_build_limit = 2
  source_version         = "refs/heads/main"

  artifacts {
    type                   = "S3"
    location               = aws_s3_bucket.artifacts.bucket
    path                   = "artifacts"
    name                   = "package"
    namespace_type         = "BUILD_ID"
    packaging              = "ZIP"
    override_artifact_name = true
  }

  environment {
    compute_type = "BUILD_GENERAL1_SMALL"
    image        = "aws/codebuild/amazonlinux2-aarch64-standard:3.0"
    type         = "ARM_CONTAINER"

    environment_variable {
      name  = "STAGE"
      value = "dev"
    }

    environment_variable {
      name  = "TOKEN"
      value = "/token"
      type  = "PARAMETER_STORE"
    }
  }

  logs_config {
    cloudwatch_logs {
      group_name  = aws_cloudwatch_log_group.states.name
      stream_name = "builds"
    }
  }

  source {
    type            = "CODECOMMIT"
    location        = aws_codecommit_repository.this.clone_url_http
    buildspec       = "buildspecs/build.yml"
    git_clone_depth = 1

    git_submodules_config {
      fetch_submodules = false
    }
  }
}
