# What people are told: encrypted, over TLS only, each hearing what is for them.
resource "aws_sns_topic" "this" {
  name              = "${var.foundation.name}-${replace(var.name, "_", "-")}"
  kms_master_key_id = var.foundation.kms_key_arn
}

resource "aws_sns_topic_policy" "this" {
  arn    = aws_sns_topic.this.arn
  policy = data.aws_iam_policy_document.topic.json
}

resource "aws_sns_topic_subscription" "subscriber" {
  for_each = var.subscriber_emails

  topic_arn = aws_sns_topic.this.arn
  protocol  = "email"
  endpoint  = each.value
}

resource "aws_sns_topic_subscription" "recipient" {
  for_each = var.recipients

  topic_arn     = aws_sns_topic.this.arn
  protocol      = "email"
  endpoint      = each.value
  filter_policy = jsonencode({ recipient = [each.key] })
}

data "aws_iam_policy_document" "topic" {
  statement {
    sid       = "RefusePlainHttp"
    effect    = "Deny"
    actions   = ["sns:Publish"]
    resources = [aws_sns_topic.this.arn]

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
