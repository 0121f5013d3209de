# Where people push to GitHub: each push there to a branch that is deployed is pushed on to the repository here, and all the rest
# is the same.
locals {
  github = { for github in var.repository.github[*] : "mirror" => github }
  refs   = [for branch in keys(var.settings.branches) : "refs/heads/${branch}"]
}

module "mirror" {
  source   = "../../build_project"
  for_each = local.github

  name        = "gitops_pipeline_${each.key}"
  description = "Copies what was pushed to GitHub into the repository."
  foundation  = var.foundation
  buildspec   = "${local.buildspecs}/${each.key}.yml"
  source_of   = { github = each.value }
  environment = { REPOSITORY_URL = aws_codecommit_repository.this.clone_url_http }
  alarms      = { runbook = "Read the build's log, mend what it says, then start the build again: the push is not in CodeCommit." }

  permissions = {
    # A push asks first which branches there are, and has no reference then.
    # https://docs.aws.amazon.com/codecommit/latest/userguide/how-to-conditional-branch.html
    PushDeployedBranches = {
      actions    = ["codecommit:GitPush"]
      resources  = [local.repository_arn]
      conditions = [{ test = "StringEqualsIfExists", variable = "codecommit:References", values = local.refs }]
    }

    # https://docs.aws.amazon.com/codecommit/latest/userguide/encryption.html
    UseTheKeyToPush = {
      actions = [
        "kms:Decrypt",
        "kms:DescribeKey",
        "kms:Encrypt",
        "kms:GenerateDataKey",
        "kms:GenerateDataKeyWithoutPlaintext",
        "kms:ReEncryptFrom",
        "kms:ReEncryptTo",
      ]
      resources  = [var.foundation.kms_key_arn]
      conditions = [{ test = "StringEquals", variable = "kms:ViaService", values = ["codecommit.${var.foundation.region}.amazonaws.com"] }]
    }
  }

  limits = {
    timeout_minutes = var.limits.scan_minutes
    queued_minutes  = var.limits.queued_minutes
  }
}

resource "aws_codebuild_webhook" "mirror" {
  for_each = local.github

  project_name = module.mirror[each.key].name
  build_type   = "BUILD"

  dynamic "filter_group" {
    for_each = local.refs

    content {
      filter {
        type    = "EVENT"
        pattern = "PUSH"
      }

      filter {
        type    = "HEAD_REF"
        pattern = "^${replace(filter_group.value, ".", "\\.")}$"
      }
    }
  }
}
