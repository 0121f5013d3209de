# What an apply needs beyond reading: to make, change and remove what carries this environment's name.
locals {
  manage = {
    WriteState = { actions = ["s3:PutObject"], resources = ["${aws_s3_bucket.state.arn}/*"] }

    ManageTables = {
      actions = [
        "dynamodb:CreateTable",
        "dynamodb:DeleteTable",
        "dynamodb:TagResource",
        "dynamodb:UntagResource",
        "dynamodb:UpdateContinuousBackups",
        "dynamodb:UpdateTable",
        "dynamodb:UpdateTimeToLive",
      ]
      resources = ["${local.arn.dynamodb}:table/${var.name}-*"]
    }

    ManageRules = {
      actions = [
        "events:DeleteRule",
        "events:PutRule",
        "events:PutTargets",
        "events:RemoveTargets",
        "events:TagResource",
        "events:UntagResource",
      ]
      resources = ["${local.arn.events}:rule/${var.name}-*"]
    }

    ManageSchedules = {
      actions = [
        "scheduler:CreateSchedule",
        "scheduler:CreateScheduleGroup",
        "scheduler:DeleteSchedule",
        "scheduler:DeleteScheduleGroup",
        "scheduler:TagResource",
        "scheduler:UntagResource",
        "scheduler:UpdateSchedule",
      ]
      resources = local.schedules
    }

    ManageLogs = {
      actions = [
        "logs:AssociateKmsKey",
        "logs:CreateLogGroup",
        "logs:DeleteLogGroup",
        "logs:DisassociateKmsKey",
        "logs:PutRetentionPolicy",
        "logs:TagResource",
        "logs:UntagResource",
      ]
      resources = local.log_groups
    }

    ManageTopics = {
      actions = [
        "sns:CreateTopic",
        "sns:DeleteTopic",
        "sns:SetSubscriptionAttributes",
        "sns:SetTopicAttributes",
        "sns:Subscribe",
        "sns:TagResource",
        "sns:Unsubscribe",
        "sns:UntagResource",
      ]
      resources = ["${local.arn.sns}:${var.name}-*"]
    }

    ManageQueues = {
      actions   = ["sqs:CreateQueue", "sqs:DeleteQueue", "sqs:SetQueueAttributes", "sqs:TagQueue", "sqs:UntagQueue"]
      resources = ["${local.arn.sqs}:${var.name}-*"]
    }

    ManageStrings = {
      actions   = ["ssm:AddTagsToResource", "ssm:DeleteParameter", "ssm:PutParameter", "ssm:RemoveTagsFromResource"]
      resources = ["${local.arn.ssm}:parameter/${var.name}/*"]
    }

    ManageFunctions = {
      actions = [
        "lambda:AddPermission",
        "lambda:CreateAlias",
        "lambda:CreateFunction",
        "lambda:Delete*",
        "lambda:PublishLayerVersion",
        "lambda:PublishVersion",
        "lambda:PutFunctionConcurrency",
        "lambda:PutFunctionEventInvokeConfig",
        "lambda:PutProvisionedConcurrencyConfig",
        "lambda:RemovePermission",
        "lambda:TagResource",
        "lambda:UntagResource",
        "lambda:UpdateAlias",
        "lambda:UpdateFunctionCode",
        "lambda:UpdateFunctionConfiguration",
        "lambda:UpdateFunctionEventInvokeConfig",
      ]
      resources = ["${local.arn.lambda}:function:${var.name}-*", "${local.arn.lambda}:layer:${var.name}-*"]
    }

    # To make a secret's first value, and because whoever sets up a rotation must be allowed to call its function.
    CallRotations = { actions = ["lambda:InvokeFunction"], resources = ["${local.arn.lambda}:function:${var.name}-keep-*"] }

    ManageSecrets = {
      actions = [
        "secretsmanager:CancelRotateSecret",
        "secretsmanager:CreateSecret",
        "secretsmanager:DeleteSecret",
        "secretsmanager:RotateSecret",
        "secretsmanager:TagResource",
        "secretsmanager:UntagResource",
        "secretsmanager:UpdateSecret",
      ]
      resources = ["${local.arn.secretsmanager}:secret:${var.name}/*"]
    }

    ManageApis = {
      actions   = ["apigateway:DELETE", "apigateway:PATCH", "apigateway:POST", "apigateway:PUT"]
      resources = local.apis
    }

    ManageInstanceProfiles = {
      actions = [
        "iam:AddRoleToInstanceProfile",
        "iam:CreateInstanceProfile",
        "iam:DeleteInstanceProfile",
        "iam:RemoveRoleFromInstanceProfile",
        "iam:TagInstanceProfile",
        "iam:UntagInstanceProfile",
      ]
      resources = ["${local.iam}:instance-profile/${var.name}-*"]
    }

    ManageRepositories = {
      actions = [
        "codecommit:CreateRepository",
        "codecommit:DeleteRepository",
        "codecommit:TagResource",
        "codecommit:UntagResource",
        "codecommit:UpdateDefaultBranch",
        "codecommit:UpdateRepositoryDescription",
        "codecommit:UpdateRepositoryEncryptionKey",
      ]
      resources = [local.repositories]
    }

    # Tags of a project are part of it.
    ManageProjects = {
      actions = [
        "codebuild:CreateProject",
        "codebuild:CreateWebhook",
        "codebuild:DeleteProject",
        "codebuild:DeleteWebhook",
        "codebuild:UpdateProject",
        "codebuild:UpdateWebhook",
      ]
      resources = [local.projects]
    }

    PlaceSecurityGroups = { actions = ["ec2:CreateSecurityGroup"], resources = ["${local.arn.ec2}:vpc/*"] }

    TagMappings = { actions = ["lambda:TagResource", "lambda:UntagResource"], resources = [local.mappings] }

    ManageMachines = {
      actions = [
        "states:CreateStateMachine",
        "states:CreateStateMachineAlias",
        "states:DeleteStateMachine",
        "states:DeleteStateMachineAlias",
        "states:DeleteStateMachineVersion",
        "states:PublishStateMachineVersion",
        "states:TagResource",
        "states:UntagResource",
        "states:UpdateStateMachine",
        "states:UpdateStateMachineAlias",
      ]
      resources = ["${local.arn.states}:stateMachine:${var.name}-*"]
    }

    ManageBuckets = {
      actions = [
        "s3:CreateBucket",
        "s3:DeleteBucket",
        "s3:DeleteBucketPolicy",
        "s3:PutBucket*",
        "s3:PutEncryptionConfiguration",
        "s3:PutLifecycleConfiguration",
      ]
      resources = ["${local.s3}${var.name}-*"]
    }

    # https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html
    ManagePackages = {
      actions   = ["s3:AbortMultipartUpload", "s3:DeleteObject", "s3:DeleteObjectVersion", "s3:PutObject", "s3:PutObjectTagging"]
      resources = ["${local.packages}/*"]
    }

    # The provider deletes a zip that another one replaces in all of its versions.
    ListPackages = { actions = ["s3:ListBucketVersions"], resources = [local.packages] }

    ManageRoles = {
      actions = [
        "iam:DeleteRole",
        "iam:ListInstanceProfilesForRole",
        "iam:TagRole",
        "iam:UntagRole",
        "iam:UpdateAssumeRolePolicy",
        "iam:UpdateRole",
      ]
      resources = ["${local.iam}:role/${var.name}-*"]
    }
  }
}

resource "aws_iam_role_policy" "apply" {
  name   = "manage"
  role   = aws_iam_role.deploy["apply"].id
  policy = data.aws_iam_policy_document.manage.json
}

data "aws_iam_policy_document" "manage" {
  dynamic "statement" {
    for_each = local.manage

    content {
      sid       = statement.key
      actions   = statement.value.actions
      resources = statement.value.resources
    }
  }

  # A role that this role makes or changes can never do more than the boundary says.
  statement {
    sid       = "GiveBoundedPermissions"
    actions   = ["iam:CreateRole", "iam:DeleteRolePolicy", "iam:PutRolePermissionsBoundary", "iam:PutRolePolicy"]
    resources = ["${local.iam}:role/${var.name}-*"]

    condition {
      test     = "StringEquals"
      variable = "iam:PermissionsBoundary"
      values   = ["${local.iam}:policy/${local.boundary}"]
    }
  }

  # Lambda names the mappings, and making one has no resource level; the function it is for says whose it is.
  # https://docs.aws.amazon.com/service-authorization/latest/reference/list_awslambda.html
  statement {
    sid       = "ManageMappings"
    actions   = ["lambda:CreateEventSourceMapping", "lambda:DeleteEventSourceMapping", "lambda:UpdateEventSourceMapping"]
    resources = ["*"]

    condition {
      test     = "ArnLike"
      variable = "lambda:FunctionArn"
      values   = ["${local.arn.lambda}:function:${var.name}-*"]
    }
  }

  statement {
    sid       = "HandRolesToServices"
    actions   = ["iam:PassRole"]
    resources = ["${local.iam}:role/${var.name}-*"]

    condition {
      test     = "StringEquals"
      variable = "iam:PassedToService"
      values   = ["codebuild.amazonaws.com", "ec2.amazonaws.com", "events.amazonaws.com", "lambda.amazonaws.com", "scheduler.amazonaws.com", "states.amazonaws.com"]
    }
  }

  statement {
    sid       = "MakeHostParts"
    actions   = ["ec2:AuthorizeSecurityGroupEgress", "ec2:CreateLaunchTemplate", "ec2:CreateSecurityGroup"]
    resources = local.host_parts

    condition {
      test     = "StringEquals"
      variable = "aws:RequestTag/Environment"
      values   = [var.environment]
    }
  }

  statement {
    sid       = "TagNewHostParts"
    actions   = ["ec2:CreateTags"]
    resources = local.host_parts

    condition {
      test     = "StringEquals"
      variable = "ec2:CreateAction"
      values   = ["AuthorizeSecurityGroupEgress", "CreateLaunchTemplate", "CreateSecurityGroup"]
    }
  }

  statement {
    sid = "ManageHostParts"
    actions = [
      "ec2:AuthorizeSecurityGroupEgress",
      "ec2:CreateLaunchTemplateVersion",
      "ec2:CreateTags",
      "ec2:DeleteLaunchTemplate",
      "ec2:DeleteSecurityGroup",
      "ec2:DeleteTags",
      "ec2:ModifyLaunchTemplate",
      "ec2:ModifySecurityGroupRules",
      "ec2:RevokeSecurityGroupEgress",
    ]
    resources = local.host_parts

    condition {
      test     = "StringEquals"
      variable = "aws:ResourceTag/Environment"
      values   = [var.environment]
    }
  }

  statement {
    sid       = "MakeKeys"
    actions   = ["kms:CreateKey"]
    resources = ["*"]

    condition {
      test     = "StringEquals"
      variable = "aws:RequestTag/Environment"
      values   = [var.environment]
    }
  }

  statement {
    sid = "ManageKeys"
    actions = [
      "kms:CreateAlias",
      "kms:DeleteAlias",
      "kms:EnableKeyRotation",
      "kms:PutKeyPolicy",
      "kms:ScheduleKeyDeletion",
      "kms:TagResource",
      "kms:UntagResource",
      "kms:UpdateKeyDescription",
    ]
    resources = ["${local.arn.kms}:key/*"]

    condition {
      test     = "StringEquals"
      variable = "aws:ResourceTag/Environment"
      values   = [var.environment]
    }
  }

  statement {
    sid       = "NameKeys"
    actions   = ["kms:CreateAlias", "kms:DeleteAlias"]
    resources = ["${local.arn.kms}:alias/${var.name}", "${local.arn.kms}:alias/${var.name}-*"]
  }

  # Services take the key into use on behalf of whoever makes a function, a repository, a state machine, a table, a secret or a
  # parameter, or uploads a zip. https://docs.aws.amazon.com/codecommit/latest/userguide/encryption.html
  statement {
    sid       = "LendTheKeyToServices"
    actions   = ["kms:CreateGrant", "kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*"]
    resources = ["${local.arn.kms}:key/*"]

    condition {
      test     = "StringEquals"
      variable = "aws:ResourceTag/Environment"
      values   = [var.environment]
    }

    condition {
      test     = "StringEquals"
      variable = "kms:ViaService"
      values   = [for service in ["codecommit", "dynamodb", "lambda", "s3", "secretsmanager", "ssm", "states"] : "${service}.${local.region}.amazonaws.com"]
    }
  }
}
