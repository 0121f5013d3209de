# What the function may do: its `permissions`, its own logs, its traces, its failure queue, and nothing else.
resource "aws_iam_role" "this" {
  name                 = local.function_name
  description          = "Runs ${local.function_name}."
  assume_role_policy   = data.aws_iam_policy_document.trust.json
  permissions_boundary = var.foundation.permissions_boundary_arn
}

resource "aws_iam_role_policy" "this" {
  name   = "permissions"
  role   = aws_iam_role.this.id
  policy = data.aws_iam_policy_document.permissions.json
}

# Lambda documents no source ARN for the execution role, only resource policies have one.
data "aws_iam_policy_document" "trust" {
  statement {
    sid     = "RunTheFunction"
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["lambda.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [var.foundation.account_id]
    }
  }
}

data "aws_iam_policy_document" "permissions" {
  dynamic "statement" {
    for_each = merge(var.permissions, local.own_permissions)

    content {
      sid       = statement.key
      actions   = statement.value.actions
      resources = statement.value.resources

      dynamic "condition" {
        for_each = statement.value.conditions

        content {
          test     = condition.value.test
          variable = condition.value.variable
          values   = condition.value.values
        }
      }
    }
  }

  # The permission to place the function in a network is Lambda's, not the code's.
  # https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html#configuration-vpc-best-practice
  dynamic "statement" {
    for_each = local.network[*]

    content {
      sid       = "DenyNetworkInterfacesToTheCode"
      effect    = "Deny"
      actions   = local.network_permissions.PlaceInNetwork.actions
      resources = ["*"]

      condition {
        test     = "ArnEquals"
        variable = "lambda:SourceFunctionArn"
        values   = [local.function_arn]
      }
    }
  }
}

locals {
  own_permissions = merge(
    {
      WriteOwnLogs = {
        actions    = ["logs:CreateLogStream", "logs:PutLogEvents"]
        resources  = ["arn:${var.foundation.partition}:logs:${var.foundation.region}:${var.foundation.account_id}:log-group:/aws/lambda/${local.function_name}:*"]
        conditions = []
      }
      SendTraces = {
        actions    = ["xray:PutTelemetryRecords", "xray:PutTraceSegments"]
        resources  = ["*"] # neither has a resource level
        conditions = []
      }
      KeepFailedCalls = {
        actions    = ["sqs:SendMessage"]
        resources  = [module.failures.arn_in_policies]
        conditions = []
      }
      # https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-key-management.html
      UseTheKeyForFailures = {
        actions    = ["kms:Decrypt", "kms:GenerateDataKey"]
        resources  = [var.foundation.kms_key_arn]
        conditions = [{ test = "StringEquals", variable = "kms:ViaService", values = ["sqs.${var.foundation.region}.amazonaws.com"] }]
      }
    },
    { for name, permission in local.network_permissions : name => permission if local.network != null },
  )

  # https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AWSLambdaVPCAccessExecutionRole.html
  network_permissions = {
    PlaceInNetwork = {
      actions = [
        "ec2:AssignPrivateIpAddresses",
        "ec2:CreateNetworkInterface",
        "ec2:DeleteNetworkInterface",
        "ec2:UnassignPrivateIpAddresses",
      ]
      resources = concat(
        ["${local.ec2}:network-interface/*"], # Lambda names them
        [for id in try(local.network.subnet_ids, []) : "${local.ec2}:subnet/${id}"],
        [for id in try(local.network.security_group_ids, []) : "${local.ec2}:security-group/${id}"],
      )
      conditions = []
    }
    LookAtNetwork = {
      actions    = ["ec2:DescribeNetworkInterfaces", "ec2:DescribeSubnets"]
      resources  = ["*"] # neither has a resource level
      conditions = []
    }
  }

  ec2 = "arn:${var.foundation.partition}:ec2:${var.foundation.region}:${var.foundation.account_id}"

  # Actions that a function may need and that IAM can only grant on "*".
  # https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
  actions_without_resource_level = [
    "autoscaling:DescribeAutoScalingGroups",
    "cloudtrail:LookupEvents",
    "cloudwatch:GetMetricData",
    "cloudwatch:PutMetricData",
    "ec2:DescribeAvailabilityZones",
    "ec2:DescribeImages",
    "ec2:DescribeInstanceTypes",
    "ec2:DescribeInstances",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSnapshots",
    "ec2:DescribeTags",
    "ec2:DescribeVolumes",
    "lambda:ListFunctions",
    "states:SendTaskSuccess",
    "tag:GetResources",
  ]
}
