# The queue that a function works off: encrypted, closed to plain HTTP, and given up to the failure queue after some tries.
locals {
  base_name     = "${var.foundation.name}-${replace(var.name, "_", "-")}"
  suffix        = var.fifo == null ? "" : ".fifo"
  queue_name    = "${local.base_name}${local.suffix}"
  failures_name = "${local.base_name}-failures${local.suffix}"

  # By name: the queues' policies name them both, before either exists.
  arns = {
    for queue, name in { work = local.queue_name, failures = local.failures_name } :
    queue => "arn:${var.foundation.partition}:sqs:${var.foundation.region}:${var.foundation.account_id}:${name}"
  }

  # Who may send where, beside the account's own roles. https://docs.aws.amazon.com/sns/latest/dg/sns-dead-letter-queues.html
  senders = {
    work = {
      TakeMessages = { service = "sns.amazonaws.com", arns = var.senders.topic_arns }
      TakeEvents   = { service = "events.amazonaws.com", arns = var.senders.rule_arns }
    }
    failures = {
      KeepUndelivered = { service = "sns.amazonaws.com", arns = var.senders.topic_arns }
    }
  }

  # Six times, so that Lambda can try again when the function is throttled before a message shows up once more.
  # https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html
  visibility_seconds = 6 * var.timeout_seconds
}

resource "aws_sqs_queue" "this" {
  name                       = local.queue_name
  kms_master_key_id          = var.foundation.kms_key_arn
  message_retention_seconds  = 4 * 24 * 60 * 60 # far less than the failure queue: the age counts from the first send
  visibility_timeout_seconds = local.visibility_seconds
  policy                     = data.aws_iam_policy_document.queue["work"].json

  # Order and deduplication are kept within a message group; groups do not slow each other down.
  fifo_queue                  = var.fifo != null
  content_based_deduplication = try(var.fifo.deduplication == "content", false)
  deduplication_scope         = var.fifo == null ? null : "messageGroup"
  fifo_throughput_limit       = var.fifo == null ? null : "perMessageGroupId"

  redrive_policy = jsonencode({
    deadLetterTargetArn = aws_sqs_queue.failures.arn
    maxReceiveCount     = var.max_receive_count
  })
}

data "aws_iam_policy_document" "queue" {
  for_each = local.arns

  statement {
    sid       = "RefusePlainHttp"
    effect    = "Deny"
    actions   = ["sqs:*"]
    resources = [each.value]

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

  dynamic "statement" {
    for_each = { for sid, sender in local.senders[each.key] : sid => sender if length(sender.arns) > 0 }

    content {
      sid       = statement.key
      actions   = ["sqs:SendMessage"]
      resources = [each.value]

      principals {
        type        = "Service"
        identifiers = [statement.value.service]
      }

      condition {
        test     = "StringEquals"
        variable = "aws:SourceAccount"
        values   = [var.foundation.account_id]
      }

      condition {
        test     = "ArnEquals"
        variable = "aws:SourceArn"
        values   = statement.value.arns
      }
    }
  }
}
