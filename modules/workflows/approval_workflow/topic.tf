# One topic for all that people are told. Each message names its recipient, and each person hears only what is for them.
resource "aws_sns_topic" "this" {
  name              = local.workflow
  kms_master_key_id = var.foundation.kms_key_arn
}

resource "aws_sns_topic_policy" "this" {
  arn    = aws_sns_topic.this.arn
  policy = data.aws_iam_policy_document.topic.json
}

resource "aws_sns_topic_subscription" "this" {
  for_each = var.policy.people

  topic_arn     = aws_sns_topic.this.arn
  protocol      = "email"
  endpoint      = each.value.email
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
