# What could not be done waits here, put by one sender, until somebody has seen to it.
locals {
  arn = "arn:${var.foundation.partition}:sqs:${var.foundation.region}:${var.foundation.account_id}:${var.name}"
}

resource "aws_sqs_queue" "this" {
  name                      = var.name
  kms_master_key_id         = var.foundation.kms_key_arn
  message_retention_seconds = 14 * 24 * 60 * 60 # the longest that SQS offers
  policy                    = data.aws_iam_policy_document.queue.json
}

data "aws_iam_policy_document" "queue" {
  statement {
    sid       = "RefusePlainHttp"
    effect    = "Deny"
    actions   = ["sqs:*"]
    resources = [local.arn]

    principals {
      type        = "AWS"
      identifiers = ["*"]
    }

    condition {
      test     = "Bool"
      variable = "aws:SecureTransport"
      values   = ["false"]
    }
  }

  # A role that sends has the right to by its own policy, and to use the key.
  dynamic "statement" {
    for_each = var.sender.role_arn[*]

    content {
      sid       = "RefuseOtherSenders"
      effect    = "Deny"
      actions   = ["sqs:SendMessage"]
      resources = [local.arn]

      principals {
        type        = "AWS"
        identifiers = ["*"]
      }

      condition {
        test     = "ArnNotEquals"
        variable = "aws:PrincipalArn"
        values   = [statement.value]
      }
    }
  }

  # The key's own policy lets EventBridge use it for queues of this name.
  # https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html#eb-dlq-perms
  dynamic "statement" {
    for_each = var.sender.rule_arn[*]

    content {
      sid       = "KeepUndeliveredEvents"
      actions   = ["sqs:SendMessage"]
      resources = [local.arn]

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
        values   = [statement.value]
      }
    }
  }
}
