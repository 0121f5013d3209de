# The most that any role of this environment can ever do, whatever its own policy says: use what carries the name.
# A policy has 6,144 characters, so what differs in nothing but service and resource becomes one statement: an action means
# something on its own service's resources only.
locals {
  boundary = "${var.name}-boundary"

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

    # A stream's ARN begins with its table's.
    UseTables = {
      actions = [
        "dynamodb:*Item*",
        "dynamodb:DescribeStream",
        "dynamodb:GetRecords",
        "dynamodb:GetShardIterator",
        "dynamodb:ListStreams",
        "dynamodb:Query",
        "dynamodb:Scan",
      ]
      resources = ["${local.arn.dynamodb}:table/${var.name}-*"]
    }

    UseFunctions = {
      actions = [
        "lambda:GetAlias",
        "lambda:GetFunctionConfiguration",
        "lambda:InvokeFunction",
        "lambda:ListVersionsByFunction",
        "lambda:UpdateAlias",
      ]
      resources = ["${local.arn.lambda}:function:${var.name}-*"]
    }

    UseRepositories = { actions = ["codecommit:Get*", "codecommit:Git*", "codecommit:PostComment*"], resources = [local.repositories] }
    UseConnections  = { actions = ["codeconnections:*Connection*"], resources = ["${local.arn.codeconnections}:connection/*"] }
    RunBuilds       = { actions = ["codebuild:BatchGetBuilds", "codebuild:St*Build"], resources = [local.projects] }
    Deploy          = { actions = ["sts:AssumeRole"], resources = ["${local.iam}:role/deploy-${var.name}-*"] }
    UseTopics       = { actions = ["sns:Publish"], resources = ["${local.arn.sns}:${var.name}-*"] }

    # State machines' roles encrypt by themselves; a new data key opens nothing that there is.
    UseKeys = { actions = ["kms:GenerateDataKey", "kms:Sign", "kms:Verify"], resources = ["${local.arn.kms}:key/*"] }

    UseQueues = {
      actions = [
        "sqs:*Message",
        "sqs:ChangeMessageVisibility",
        "sqs:GetQueueAttributes",
      ]
      resources = ["${local.arn.sqs}:${var.name}-*"]
    }

    UseMachines = { actions = ["states:*Execution"], resources = ["${local.arn.states}:*:${var.name}-*"] }

    UseParameters = {
      actions   = ["ssm:AddTagsToResource", "ssm:DeleteParameter*", "ssm:GetParameter*", "ssm:PutParameter"]
      resources = ["${local.arn.ssm}:parameter/${var.name}/*"]
    }

    ReadPublicParameters = {
      actions   = ["ssm:GetParameter*"]
      resources = ["arn:${local.partition}:ssm:${local.region}::parameter/aws/service/*"]
    }

    UseSecrets = {
      actions = [
        "secretsmanager:*SecretValue",
        "secretsmanager:DescribeSecret",
        "secretsmanager:ListSecretVersionIds",
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

    # For nested executions, and for builds.
    WaitForOthers = {
      actions   = ["events:DescribeRule", "events:PutRule", "events:PutTargets"]
      resources = ["${local.arn.events}:rule/StepFunctionsGetEvent*"]
    }

    ReadStacks = { actions = ["cloudformation:DescribeStacks"], resources = ["${local.arn.cloudformation}:stack/*"] }
  }

  # None of these has a resource level; Lambda names the network interfaces of a function in a VPC.
  unnamed = [
    "autoscaling:Describe*",
    "cloudtrail:Lookup*",
    "cloudwatch:*MetricData",
    "cloudwatch:DescribeAlarms",
    "ec2:*PrivateIpAddresses",
    "ec2:CreateNetworkInterface",
    "ec2:DeleteNetworkInterface",
    "ec2:Describe*",
    "lambda:ListFunctions",
    "logs:*LogDeliver*",
    "logs:DescribeLogGroups",
    "logs:DescribeResourcePolicies",
    "logs:PutResourcePolicy",
    "ssmmessages:*Channel",
    "states:SendTaskSuccess",
    "xray:GetSampling*",
    "xray:PutT*",
  ]
}

resource "aws_iam_policy" "boundary" {
  name        = local.boundary
  description = "The most that any role of ${var.name} can do."
  policy      = data.aws_iam_policy_document.boundary.json
}

data "aws_iam_policy_document" "boundary" {
  statement {
    sid       = "UseWhatCarriesTheName"
    actions   = distinct(flatten(values(local.bounds)[*].actions))
    resources = distinct(flatten(values(local.bounds)[*].resources))
  }

  statement {
    sid       = "ObserveAndConnect"
    actions   = local.unnamed
    resources = ["*"]
  }

  dynamic "statement" {
    for_each = local.operations_bounds

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

  # Also in the region that snapshots are copied to.
  statement {
    sid       = "UseTheKeyThroughServices"
    actions   = ["kms:*crypt*", "kms:DescribeKey", "kms:GenerateDataKey*"]
    resources = [local.keys]

    condition {
      test     = "StringLike"
      variable = "kms:ViaService"
      values   = ["*.amazonaws.com"]
    }
  }

  # Step Functions uses the key of a machine of this environment as the machine's role, through no service.
  statement {
    sid       = "ReadRuns"
    actions   = ["kms:Decrypt"]
    resources = [local.keys]

    condition {
      test     = "StringLike"
      variable = "kms:EncryptionContext:aws:states:stateMachineArn"
      values   = ["*:${var.name}-*"]
    }
  }

  statement {
    sid       = "LendTheKeyToDisks"
    actions   = ["kms:CreateGrant"]
    resources = [local.keys]

    condition {
      test     = "StringLike"
      variable = "kms:ViaService"
      values   = ["ec2.*.amazonaws.com"]
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
    sid       = "TagWhatIsNew"
    actions   = ["ec2:CreateTags"]
    resources = ["${local.arn.ec2}:*/*", local.snapshots]

    condition {
      test     = "StringLike"
      variable = "ec2:CreateAction"
      values   = ["C*Snapshot*", "CreateVolume", "RunInstances"]
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
