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

    UseParameters = {
      actions   = ["ssm:AddTagsToResource", "ssm:DeleteParameter*", "ssm:GetParameter*", "ssm:PutParameter"]
      resources = ["${local.arn.ssm}:parameter/${var.name}/*"]
    }

    ReadPublicParameters = {
      actions   = ["ssm:GetParameter"]
      resources = ["arn:${local.partition}:ssm:${local.region}::parameter/aws/service/*"]
    }

    UseSecrets = {
      actions = [
        "secretsmanager:DescribeSecret",
        "secretsmanager:GetSecretValue",
        "secretsmanager:PutSecretValue",
        "secretsmanager:UpdateSecretVersionStage",
      ]
      resources = ["${local.arn.secretsmanager}:secret:${var.name}/*"]
    }

    BeManaged = { actions = ["ssm:UpdateInstanceInformation"], resources = ["${local.arn.ec2}:instance/*"] }

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
        "ec2:DescribeInstances",
        "logs:CreateLogDelivery",
        "logs:DeleteLogDelivery",
        "logs:DescribeLogGroups",
        "logs:DescribeResourcePolicies",
        "logs:GetLogDelivery",
        "logs:ListLogDeliveries",
        "logs:PutResourcePolicy",
        "logs:UpdateLogDelivery",
        "ssmmessages:CreateControlChannel",
        "ssmmessages:CreateDataChannel",
        "ssmmessages:OpenControlChannel",
        "ssmmessages:OpenDataChannel",
        "states:SendTaskSuccess",
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
    actions   = ["kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKey*", "kms:ReEncrypt*"]
    resources = ["${local.arn.kms}:key/*"]

    condition {
      test     = "StringLike"
      variable = "kms:ViaService"
      values   = ["*.${local.region}.amazonaws.com"]
    }
  }

  statement {
    sid       = "LendTheKeyToDisks"
    actions   = ["kms:CreateGrant"]
    resources = ["${local.arn.kms}:key/*"]

    condition {
      test     = "StringEquals"
      variable = "kms:ViaService"
      values   = ["ec2.${local.region}.amazonaws.com"]
    }

    condition {
      test     = "Bool"
      variable = "kms:GrantIsForAWSResource"
      values   = ["true"]
    }
  }

  statement {
    sid       = "LaunchFromTemplates"
    actions   = ["ec2:RunInstances"]
    resources = ["${local.arn.ec2}:*/*", "arn:${local.partition}:ec2:${local.region}::image/*"]

    condition {
      test     = "ArnLike"
      variable = "ec2:LaunchTemplate"
      values   = ["${local.arn.ec2}:launch-template/*"]
    }
  }

  statement {
    sid       = "TagAtLaunch"
    actions   = ["ec2:CreateTags"]
    resources = ["${local.arn.ec2}:instance/*", "${local.arn.ec2}:volume/*"]

    condition {
      test     = "StringEquals"
      variable = "ec2:CreateAction"
      values   = ["RunInstances"]
    }
  }

  statement {
    sid       = "EndOwnHosts"
    actions   = ["ec2:CreateTags", "ec2:StopInstances", "ec2:TerminateInstances"]
    resources = ["${local.arn.ec2}:instance/*"]

    condition {
      test     = "StringLike"
      variable = "aws:ResourceTag/workflow"
      values   = ["${var.name}-*"]
    }
  }

  statement {
    sid       = "HandRolesToHosts"
    actions   = ["iam:PassRole"]
    resources = ["${local.iam}:role/${var.name}-*"]

    condition {
      test     = "StringEquals"
      variable = "iam:PassedToService"
      values   = ["ec2.amazonaws.com"]
    }
  }
}
