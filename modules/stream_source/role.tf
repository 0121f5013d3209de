# What the function's role needs so that Lambda, on its behalf, can read the stream and tell what it gave up.
resource "aws_iam_role_policy" "this" {
  name   = "consume-${local.base_name}"
  role   = var.function.role_name
  policy = data.aws_iam_policy_document.consumer.json
}

# https://docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-eventsourcemapping.html
data "aws_iam_policy_document" "consumer" {
  statement {
    sid       = "ReadTheStream"
    actions   = ["dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator"]
    resources = [var.stream_arn]
  }

  # https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/iam-policy-read-stream-only.html
  statement {
    sid       = "FindTheStream"
    actions   = ["dynamodb:ListStreams"]
    resources = [replace(var.stream_arn, "/[^/]+$/", "*")]
  }

  # A stream is encrypted with its table's key.
  statement {
    sid       = "DecryptTheStream"
    actions   = ["kms:Decrypt"]
    resources = [var.foundation.kms_key_arn]

    condition {
      test     = "StringEquals"
      variable = "kms:ViaService"
      values   = ["dynamodb.${var.foundation.region}.amazonaws.com"]
    }
  }

  # The function's role may use the key for queues: its failed calls go to one, too.
  statement {
    sid       = "KeepFailedRecords"
    actions   = ["sqs:SendMessage"]
    resources = [module.failures.arn_in_policies]
  }
}
