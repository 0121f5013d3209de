# What a plan needs: to read how things are made, never what is stored in them, and to lock the state.
locals {
  read = {
    ReadTables = {
      actions = [
        "dynamodb:DescribeContinuousBackups",
        "dynamodb:DescribeTable",
        "dynamodb:DescribeTimeToLive",
        "dynamodb:ListTagsOfResource",
      ]
      resources = ["${local.arn.dynamodb}:table/${var.name}-*"]
    }

    ReadRules = {
      actions   = ["events:DescribeRule", "events:ListTagsForResource", "events:ListTargetsByRule"]
      resources = ["${local.arn.events}:rule/${var.name}-*"]
    }

    ReadSchedules = {
      actions   = ["scheduler:GetSchedule", "scheduler:GetScheduleGroup", "scheduler:ListTagsForResource"]
      resources = local.schedules
    }

    ReadRoles = {
      actions   = ["iam:GetRole", "iam:GetRolePolicy", "iam:ListAttachedRolePolicies", "iam:ListRolePolicies"]
      resources = ["${local.iam}:role/${var.name}-*"]
    }

    ReadRepositories     = { actions = ["codecommit:GetRepository", "codecommit:ListTagsForResource"], resources = [local.repositories] }
    ReadProjects         = { actions = ["codebuild:BatchGetProjects"], resources = [local.projects] }
    ReadInstanceProfiles = { actions = ["iam:GetInstanceProfile"], resources = ["${local.iam}:instance-profile/${var.name}-*"] }
    ReadApis             = { actions = ["apigateway:GET"], resources = local.apis }

    # How a secret is kept, not what it is.
    ReadSecrets = {
      actions   = ["secretsmanager:DescribeSecret", "secretsmanager:GetResourcePolicy"]
      resources = ["${local.arn.secretsmanager}:secret:${var.name}/*"]
    }

    ReadLogGroups = {
      actions   = ["logs:ListTagsForResource"]
      resources = local.log_groups
    }

    ReadTopics = {
      actions   = ["sns:GetSubscriptionAttributes", "sns:GetTopicAttributes", "sns:ListTagsForResource"]
      resources = ["${local.arn.sns}:${var.name}-*"]
    }

    ReadQueues = {
      actions   = ["sqs:GetQueueAttributes", "sqs:GetQueueUrl", "sqs:ListQueueTags"]
      resources = ["${local.arn.sqs}:${var.name}-*"]
    }

    ReadParameters = {
      actions   = ["ssm:GetParameter", "ssm:GetParameters", "ssm:ListTagsForResource"]
      resources = ["${local.arn.ssm}:parameter/${var.name}/*"]
    }

    ReadFunctions = {
      actions = [
        "lambda:GetAlias",
        "lambda:GetFunction",
        "lambda:GetFunctionCodeSigningConfig",
        "lambda:GetFunctionConcurrency",
        "lambda:GetFunctionConfiguration",
        "lambda:GetFunctionEventInvokeConfig",
        "lambda:GetLayerVersion",
        "lambda:GetPolicy",
        "lambda:GetProvisionedConcurrencyConfig",
        "lambda:ListTags",
        "lambda:ListVersionsByFunction",
      ]
      resources = ["${local.arn.lambda}:function:${var.name}-*", "${local.arn.lambda}:layer:${var.name}-*"]
    }

    ReadMappings = { actions = ["lambda:GetEventSourceMapping", "lambda:ListTags"], resources = [local.mappings] }

    ReadMachines = {
      actions = [
        "states:DescribeStateMachine",
        "states:DescribeStateMachineAlias",
        "states:ListStateMachineVersions",
        "states:ListTagsForResource",
      ]
      resources = ["${local.arn.states}:stateMachine:${var.name}-*"]
    }

    ReadBuckets = {
      actions = [
        "s3:GetAccelerateConfiguration",
        "s3:GetBucket*",
        "s3:GetEncryptionConfiguration",
        "s3:GetLifecycleConfiguration",
        "s3:GetReplicationConfiguration",
        "s3:ListBucket",
      ]
      resources = ["${local.s3}${var.name}-*"]
    }

    # None of these has a resource level, or the key's name is not known before it is read.
    LookAround = {
      actions = [
        "ec2:DescribeLaunchTemplateVersions",
        "ec2:DescribeLaunchTemplates",
        "ec2:DescribeNetworkInterfaces",
        "ec2:DescribeRouteTables",
        "ec2:DescribeSecurityGroupRules",
        "ec2:DescribeSecurityGroups",
        "ec2:DescribeSubnets",
        "ec2:DescribeVpcAttribute",
        "ec2:DescribeVpcs",
        "kms:DescribeKey",
        "kms:GetKeyPolicy",
        "kms:GetKeyRotationStatus",
        "kms:ListAliases",
        "kms:ListResourceTags",
        "logs:DescribeLogGroups",
        "ssm:DescribeParameters",
        "states:ValidateStateMachineDefinition",
      ]
      resources = ["*"]
    }

    ReadPackages = { actions = ["s3:GetObject", "s3:GetObjectTagging"], resources = ["${local.packages}/*"] }

    FindState = { actions = ["s3:ListBucket"], resources = [aws_s3_bucket.state.arn] }
    ReadState = { actions = ["s3:GetObject"], resources = ["${aws_s3_bucket.state.arn}/*"] }
    LockState = { actions = ["s3:DeleteObject", "s3:PutObject"], resources = ["${aws_s3_bucket.state.arn}/*.tflock"] }
    OpenState = { actions = ["kms:Decrypt", "kms:GenerateDataKey"], resources = [aws_kms_key.state.arn] }
  }
}

# A policy of its own: with what an apply may manage, it is more than a role takes inline.
resource "aws_iam_policy" "read" {
  name        = "deploy-${var.name}-read" # not by the prefix that the apply role may manage
  description = "What a plan of ${var.name} reads."
  policy      = data.aws_iam_policy_document.read.json
}

resource "aws_iam_role_policy_attachment" "read" {
  for_each = aws_iam_role.deploy

  role       = each.value.name
  policy_arn = aws_iam_policy.read.arn
}

data "aws_iam_policy_document" "read" {
  dynamic "statement" {
    for_each = local.read

    content {
      sid       = statement.key
      actions   = statement.value.actions
      resources = statement.value.resources
    }
  }

  # Of all that S3 keeps under the environment's key, the roles may read the zips alone, of a repository what it is like, and of
  # a state machine its definition, but no execution.
  statement {
    sid       = "OpenPackagesRepositoriesAndMachines"
    actions   = ["kms:Decrypt"]
    resources = ["${local.arn.kms}:key/*"]

    condition {
      test     = "StringEquals"
      variable = "aws:ResourceTag/Environment"
      values   = [var.environment]
    }

    condition {
      test     = "StringEquals"
      variable = "kms:ViaService"
      values   = [for service in ["codecommit", "s3", "states"] : "${service}.${local.region}.amazonaws.com"]
    }
  }

  # And the parameters that it protects: what is in them is in the environments' files as well.
  # https://docs.aws.amazon.com/kms/latest/developerguide/services-parameter-store.html
  statement {
    sid       = "OpenParameters"
    actions   = ["kms:Decrypt"]
    resources = ["${local.arn.kms}:key/*"]

    condition {
      test     = "StringLike"
      variable = "kms:EncryptionContext:PARAMETER_ARN"
      values   = ["${local.arn.ssm}:parameter/${var.name}/*"]
    }

    condition {
      test     = "StringEquals"
      variable = "kms:ViaService"
      values   = ["ssm.${local.region}.amazonaws.com"]
    }
  }
}
