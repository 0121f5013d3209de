# The role the machine runs as; only this machine can make Step Functions take it.
resource "aws_iam_role" "this" {
  name                 = local.machine_name
  description          = "Runs the state machine ${local.machine_name}."
  assume_role_policy   = data.aws_iam_policy_document.trust.json
  permissions_boundary = var.foundation.permissions_boundary_arn
}

resource "aws_iam_role_policy" "this" {
  name   = "permissions"
  role   = aws_iam_role.this.id
  policy = data.aws_iam_policy_document.permissions.json

  lifecycle {
    precondition {
      condition     = local.unseen_calls == 0
      error_message = "${var.definition} nests Map or Parallel deeper than five levels: move the inner part to a machine of its own."
    }

    precondition {
      condition     = length(local.unknown) == 0
      error_message = "No permissions are known for ${join(", ", local.unknown)}: use another integration, or add it to modules/state_machine/integrations.tf."
    }

    precondition {
      condition     = length(local.unnamed) == 0
      error_message = "The role cannot be derived for ${join(", ", local.unnamed)}: name what is called by a placeholder, like \"FunctionName\": \"$${load_chunk}\"."
    }
  }
}

# https://docs.aws.amazon.com/step-functions/latest/dg/procedure-create-iam-role.html
data "aws_iam_policy_document" "trust" {
  statement {
    sid     = "RunTheMachine"
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["states.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [var.foundation.account_id]
    }

    condition {
      test     = "ArnLike"
      variable = "aws:SourceArn"
      values   = [local.machine_arn, "${local.machine_arn}:*"] # versions and the alias
    }
  }
}
