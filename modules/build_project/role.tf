# What a build may do: its `permissions`, fetch its source, write its own logs, and nothing else. Whoever can change what the
# buildspec says can do all of it, so a project has one task and a role that fits it.
resource "aws_iam_role" "this" {
  name                 = local.project_name
  description          = "Runs the builds of ${local.project_name}."
  assume_role_policy   = data.aws_iam_policy_document.trust.json
  permissions_boundary = var.foundation.permissions_boundary_arn
}

resource "aws_iam_role_policy" "this" {
  name   = "permissions"
  role   = aws_iam_role.this.id
  policy = data.aws_iam_policy_document.permissions.json
}

# https://docs.aws.amazon.com/codebuild/latest/userguide/cross-service-confused-deputy-prevention.html
data "aws_iam_policy_document" "trust" {
  statement {
    sid     = "RunBuilds"
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["codebuild.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [var.foundation.account_id]
    }

    condition {
      test     = "ArnEquals"
      variable = "aws:SourceArn"
      values   = [local.project_arn]
    }
  }
}

data "aws_iam_policy_document" "permissions" {
  dynamic "statement" {
    for_each = merge(var.permissions, local.own_permissions)

    content {
      sid       = statement.key
      actions   = statement.value.actions
      resources = statement.value.resources

      dynamic "condition" {
        for_each = statement.value.conditions

        content {
          test     = condition.value.test
          variable = condition.value.variable
          values   = condition.value.values
        }
      }
    }
  }
}

locals {
  own_permissions = merge(
    { WriteOwnLogs = local.all_permissions.WriteOwnLogs },
    { for name in ["PullSource", "UseTheKeyForSource"] : name => local.all_permissions[name] if var.source_of.codecommit != null },
    { for name in ["UseConnection"] : name => local.all_permissions[name] if var.source_of.github != null },
  )

  all_permissions = {
    WriteOwnLogs = {
      actions    = ["logs:CreateLogStream", "logs:PutLogEvents"]
      resources  = ["arn:${var.foundation.partition}:logs:${var.foundation.region}:${var.foundation.account_id}:log-group:/aws/codebuild/${local.project_name}:*"]
      conditions = []
    }

    PullSource = {
      actions    = ["codecommit:GitPull"]
      resources  = var.source_of.codecommit[*].arn
      conditions = []
    }

    # https://docs.aws.amazon.com/codecommit/latest/userguide/encryption.html
    UseTheKeyForSource = {
      actions    = ["kms:Decrypt"]
      resources  = [var.foundation.kms_key_arn]
      conditions = [{ test = "StringEquals", variable = "kms:ViaService", values = ["codecommit.${var.foundation.region}.amazonaws.com"] }]
    }

    # https://docs.aws.amazon.com/codebuild/latest/userguide/connections-github-app.html
    UseConnection = {
      actions    = ["codeconnections:GetConnection", "codeconnections:GetConnectionToken", "codeconnections:UseConnection"]
      resources  = var.source_of.github[*].connection_arn
      conditions = []
    }
  }
}
