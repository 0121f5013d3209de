# Where messages wait that could not be processed, until somebody has seen to them.
resource "aws_sqs_queue" "failures" {
  name                      = local.failures_name
  kms_master_key_id         = var.foundation.kms_key_arn
  message_retention_seconds = 14 * 24 * 60 * 60 # the longest that SQS offers
  policy                    = data.aws_iam_policy_document.queue["failures"].json

  # Never by content: two failures with the same body are two messages that somebody waits for.
  fifo_queue            = var.fifo != null
  deduplication_scope   = var.fifo == null ? null : "messageGroup"
  fifo_throughput_limit = var.fifo == null ? null : "perMessageGroupId"

  redrive_allow_policy = jsonencode({
    redrivePermission = "byQueue"
    sourceQueueArns   = [local.arns.work]
  })
}
