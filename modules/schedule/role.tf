# What the schedule may do: start its target, and keep what it could not start.
resource "aws_iam_role" "this" {
  name                 = "${local.schedule_name}-schedule" # a workflow's machine has the name without
  description          = "Lets the schedule ${local.schedule_name} start its target."
  assume_role_policy   = data.aws_iam_policy_document.trust.json
  permissions_boundary = var.foundation.permissions_boundary_arn
}

resource "aws_iam_role_policy" "this" {
  name   = "permissions"
  role   = aws_iam_role.this.id
  policy = data.aws_iam_policy_document.permissions.json
}

# A source ARN must be a group's, not a schedule's.
# https://docs.aws.amazon.com/scheduler/latest/UserGuide/cross-service-confused-deputy-prevention.html
data "aws_iam_policy_document" "trust" {
  statement {
    sid     = "StartTheTarget"
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["scheduler.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [var.foundation.account_id]
    }

    condition {
      test     = "ArnEquals"
      variable = "aws:SourceArn"
      values   = [local.group_arn]
    }
  }
}

data "aws_iam_policy_document" "permissions" {
  # Step Functions authorises an alias by its machine's ARN, narrowed by the qualifier.
  # https://docs.aws.amazon.com/step-functions/latest/dg/auth-version-alias.html
  dynamic "statement" {
    for_each = var.target.kind == "state_machine" ? [var.target.arn] : []

    content {
      sid       = "StartTheStateMachine"
      actions   = ["states:StartExecution"]
      resources = [join(":", slice(split(":", statement.value), 0, 7))]

      condition {
        test     = "StringEquals"
        variable = "states:StateMachineQualifier"
        values   = [split(":", statement.value)[7]]
      }
    }
  }

  dynamic "statement" {
    for_each = var.target.kind == "function" ? [var.target.arn] : []

    content {
      sid       = "InvokeTheFunction"
      actions   = ["lambda:InvokeFunction"]
      resources = [statement.value]
    }
  }

  # Scheduler sends with the schedule's role. https://docs.aws.amazon.com/scheduler/latest/UserGuide/configuring-schedule-dlq.html
  statement {
    sid       = "KeepUndelivered"
    actions   = ["sqs:SendMessage"]
    resources = [module.undelivered.arn_in_policies]
  }

  # https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-key-management.html
  statement {
    sid       = "UseTheKeyForUndelivered"
    actions   = ["kms:Decrypt", "kms:GenerateDataKey"]
    resources = [var.foundation.kms_key_arn]

    condition {
      test     = "StringEquals"
      variable = "kms:ViaService"
      values   = ["sqs.${var.foundation.region}.amazonaws.com"]
    }
  }
}
