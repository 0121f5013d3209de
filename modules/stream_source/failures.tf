# What became of records that were given up: where they lie in the stream waits here, and an alarm says so.
locals {
  failures_name = "${local.base_name}-failures"
  failures_arn  = "arn:${var.foundation.partition}:sqs:${var.foundation.region}:${var.foundation.account_id}:${local.failures_name}"
}

resource "aws_sqs_queue" "failures" {
  name                      = local.failures_name
  message_retention_seconds = 14 * 24 * 60 * 60 # the longest that SQS offers
  sqs_managed_sse_enabled   = true              # no key policy that could be wrong when something already is
  policy                    = data.aws_iam_policy_document.failures.json
}

data "aws_iam_policy_document" "failures" {
  statement {
    sid       = "RefusePlainHttp"
    effect    = "Deny"
    actions   = ["sqs:*"]
    resources = [local.failures_arn]

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

  statement {
    sid       = "RefuseOtherSenders"
    effect    = "Deny"
    actions   = ["sqs:SendMessage"]
    resources = [local.failures_arn]

    principals {
      type        = "AWS"
      identifiers = ["*"]
    }

    condition {
      test     = "ArnNotEquals"
      variable = "aws:PrincipalArn"
      values   = ["arn:${var.foundation.partition}:iam::${var.foundation.account_id}:role/${var.function.role_name}"]
    }
  }
}
