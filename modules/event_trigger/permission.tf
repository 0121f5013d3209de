# What lets EventBridge start the target: a role for a state machine, a resource policy for a function. A queue's policy is
# the queue's own: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html
locals {
  machines  = { for arn in [var.target.arn] : "start" => arn if var.target.kind == "state_machine" }
  functions = { for arn in [var.target.arn] : "invoke" => arn if var.target.kind == "function" }
}

resource "aws_iam_role" "this" {
  for_each = local.machines

  name                 = local.rule_name
  description          = "Lets the rule ${local.rule_name} start its state machine."
  assume_role_policy   = data.aws_iam_policy_document.trust.json
  permissions_boundary = var.foundation.permissions_boundary_arn
}

resource "aws_iam_role_policy" "this" {
  for_each = local.machines

  name   = "permissions"
  role   = aws_iam_role.this[each.key].id
  policy = data.aws_iam_policy_document.permissions[each.key].json
}

# https://docs.aws.amazon.com/eventbridge/latest/userguide/cross-service-confused-deputy-prevention.html
data "aws_iam_policy_document" "trust" {
  statement {
    sid     = "StartTheTarget"
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["events.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [var.foundation.account_id]
    }

    condition {
      test     = "ArnEquals"
      variable = "aws:SourceArn"
      values   = [local.rule_arn]
    }
  }
}

# Step Functions authorises an alias by its machine's ARN, narrowed by the qualifier.
# https://docs.aws.amazon.com/step-functions/latest/dg/auth-version-alias.html
data "aws_iam_policy_document" "permissions" {
  for_each = local.machines

  statement {
    sid       = "StartTheStateMachine"
    actions   = ["states:StartExecution"]
    resources = [join(":", slice(split(":", each.value), 0, 7))]

    condition {
      test     = "StringEquals"
      variable = "states:StateMachineQualifier"
      values   = [split(":", each.value)[7]]
    }
  }
}

resource "aws_lambda_permission" "this" {
  for_each = local.functions

  statement_id   = "InvokedBy-${local.rule_name}"
  action         = "lambda:InvokeFunction"
  principal      = "events.amazonaws.com"
  function_name  = split(":", each.value)[6]
  qualifier      = split(":", each.value)[7]
  source_arn     = local.rule_arn
  source_account = var.foundation.account_id
}
