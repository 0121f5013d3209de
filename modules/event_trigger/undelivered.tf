# Where events wait that EventBridge could not deliver.
locals {
  undelivered_name = "${local.rule_name}-undelivered"
  undelivered_arn  = "arn:${var.foundation.partition}:sqs:${var.foundation.region}:${var.foundation.account_id}:${local.undelivered_name}"
}

resource "aws_sqs_queue" "undelivered" {
  name                      = local.undelivered_name
  message_retention_seconds = 14 * 24 * 60 * 60 # the longest that SQS offers
  sqs_managed_sse_enabled   = true              # no key policy that could be wrong when something already is
  policy                    = data.aws_iam_policy_document.undelivered.json
}

# https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html#eb-dlq-perms
data "aws_iam_policy_document" "undelivered" {
  statement {
    sid       = "KeepUndeliveredEvents"
    actions   = ["sqs:SendMessage"]
    resources = [local.undelivered_arn]

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

  statement {
    sid       = "RefusePlainHttp"
    effect    = "Deny"
    actions   = ["sqs:*"]
    resources = [local.undelivered_arn]

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
}
