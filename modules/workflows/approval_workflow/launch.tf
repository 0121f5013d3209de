# What launching takes: this template, these types, this network, and nothing besides.
# https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/permissions-for-launch-templates.html
locals {
  from_the_template = [{ test = "ArnEquals", variable = "ec2:LaunchTemplate", values = [aws_launch_template.host.arn] }]

  launch = {
    LaunchHosts = {
      actions   = ["ec2:RunInstances"]
      resources = ["${local.ec2}:instance/*"]

      conditions = concat(local.from_the_template, [
        { test = "StringEquals", variable = "ec2:InstanceType", values = var.policy.instance_types[*].type },
        { test = "StringEquals", variable = "ec2:MetadataHttpTokens", values = ["required"] },
      ])
    }

    LaunchWithoutPublicAddress = {
      actions    = ["ec2:RunInstances"]
      resources  = ["${local.ec2}:network-interface/*"]
      conditions = concat(local.from_the_template, [{ test = "Bool", variable = "ec2:AssociatePublicIpAddress", values = ["false"] }])
    }

    LaunchEncrypted = {
      actions    = ["ec2:RunInstances"]
      resources  = ["${local.ec2}:volume/*"]
      conditions = concat(local.from_the_template, [{ test = "Bool", variable = "ec2:Encrypted", values = ["true"] }])
    }

    LaunchWithWhatIsThere = {
      actions = ["ec2:RunInstances"]
      resources = concat(
        [
          aws_launch_template.host.arn,
          "arn:${var.foundation.partition}:ec2:${var.foundation.region}::image/*", # which images, the policy says
          "${local.ec2}:security-group/${aws_security_group.host.id}",
        ],
        [for id in local.subnet_ids : "${local.ec2}:subnet/${id}"],
      )
      conditions = local.from_the_template
    }

    TagAtLaunch = {
      actions    = ["ec2:CreateTags"]
      resources  = ["${local.ec2}:instance/*", "${local.ec2}:volume/*"]
      conditions = [{ test = "StringEquals", variable = "ec2:CreateAction", values = ["RunInstances"] }]
    }

    HandRoleToHosts = {
      actions    = ["iam:PassRole"]
      resources  = [aws_iam_role.host.arn]
      conditions = [{ test = "StringEquals", variable = "iam:PassedToService", values = ["ec2.amazonaws.com"] }]
    }

    # https://docs.aws.amazon.com/ebs/latest/userguide/ebs-encryption-requirements.html#ebs-encryption-permissions
    EncryptDisks = {
      actions = [
        "kms:Decrypt",
        "kms:DescribeKey",
        "kms:GenerateDataKeyWithoutPlaintext",
        "kms:ReEncryptFrom",
        "kms:ReEncryptTo",
      ]
      resources  = [var.foundation.kms_key_arn]
      conditions = local.through_ec2
    }

    LendTheKeyToDisks = {
      actions    = ["kms:CreateGrant"]
      resources  = [var.foundation.kms_key_arn]
      conditions = concat(local.through_ec2, [{ test = "Bool", variable = "kms:GrantIsForAWSResource", values = ["true"] }])
    }
  }

  through_ec2 = [{ test = "StringEquals", variable = "kms:ViaService", values = ["ec2.${var.foundation.region}.amazonaws.com"] }]
}
