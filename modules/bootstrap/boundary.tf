# The most that any role of this environment can ever do, whatever its own policy says: use what carries the name.
locals {
  bounds = {
    UseBuckets = {
      actions = [
        "s3:AbortMultipartUpload",
        "s3:DeleteObject*",
        "s3:GetObject*",
        "s3:ListBucket*",
        "s3:ListMultipartUploadParts",
        "s3:PutObject*",
      ]
      resources = ["${local.s3}${var.name}-*"]
    }

    UseTables = {
      actions   = ["dynamodb:*Item", "dynamodb:*Items", "dynamodb:Query", "dynamodb:Scan"]
      resources = ["${local.arn.dynamodb}:table/${var.name}-*"]
    }

    ReadStreams = {
      actions   = ["dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator", "dynamodb:ListStreams"]
      resources = ["${local.arn.dynamodb}:table/${var.name}-*/stream/*"]
    }

    UseFunctions = { actions = ["lambda:InvokeFunction"], resources = ["${local.arn.lambda}:function:${var.name}-*"] }
    UseTopics    = { actions = ["sns:Publish"], resources = ["${local.arn.sns}:${var.name}-*"] }

    UseQueues = {
      actions = [
        "sqs:ChangeMessageVisibility",
        "sqs:DeleteMessage",
        "sqs:GetQueueAttributes",
        "sqs:ReceiveMessage",
        "sqs:SendMessage",
      ]
      resources = ["${local.arn.sqs}:${var.name}-*"]
    }

    UseMachines = {
      actions = [
        "states:DescribeExecution",
        "states:RedriveExecution",
        "states:StartExecution",
        "states:StopExecution",
      ]
      resources = ["${local.arn.states}:execution:${var.name}-*", "${local.arn.states}:stateMachine:${var.name}-*"]
    }

    UseParameters = { actions = ["ssm:GetParameter*"], resources = ["${local.arn.ssm}:parameter/${var.name}/*"] }

    WriteLogs = {
      actions   = ["logs:CreateLogStream", "logs:PutLogEvents"]
      resources = ["${local.arn.logs}:log-group:/aws/*/${var.name}-*"]
    }

    UseBuses = { actions = ["events:PutEvents"], resources = ["${local.arn.events}:event-bus/${var.name}-*"] }

    WaitForNested = {
      actions   = ["events:DescribeRule", "events:PutRule", "events:PutTargets"]
      resources = ["${local.arn.events}:rule/StepFunctionsGetEventsForStepFunctionsExecutionRule"]
    }

    # None of these has a resource level.
    Observe = {
      actions = [
        "cloudwatch:GetMetricData",
        "cloudwatch:PutMetricData",
        "logs:CreateLogDelivery",
        "logs:DeleteLogDelivery",
        "logs:DescribeLogGroups",
        "logs:DescribeResourcePolicies",
        "logs:GetLogDelivery",
        "logs:ListLogDeliveries",
        "logs:PutResourcePolicy",
        "logs:UpdateLogDelivery",
        "xray:GetSamplingRules",
        "xray:GetSamplingTargets",
        "xray:PutTelemetryRecords",
        "xray:PutTraceSegments",
      ]
      resources = ["*"]
    }

    # Lambda names the network interfaces of a function in a VPC.
    PlaceInNetwork = {
      actions = [
        "ec2:AssignPrivateIpAddresses",
        "ec2:CreateNetworkInterface",
        "ec2:DeleteNetworkInterface",
        "ec2:DescribeNetworkInterfaces",
        "ec2:DescribeSubnets",
        "ec2:UnassignPrivateIpAddresses",
      ]
      resources = ["*"]
    }
  }
}

resource "aws_iam_policy" "boundary" {
  name        = "${var.name}-boundary"
  description = "The most that any role of ${var.name} can do."
  policy      = data.aws_iam_policy_document.boundary.json
}

data "aws_iam_policy_document" "boundary" {
  dynamic "statement" {
    for_each = local.bounds

    content {
      sid       = statement.key
      actions   = statement.value.actions
      resources = statement.value.resources
    }
  }

  statement {
    sid       = "UseTheKeyThroughServices"
    actions   = ["kms:Decrypt", "kms:GenerateDataKey"]
    resources = ["${local.arn.kms}:key/*"]

    condition {
      test     = "StringLike"
      variable = "kms:ViaService"
      values   = ["*.${local.region}.amazonaws.com"]
    }
  }
}
