# What a host is like, whoever asked for it: private, encrypted, reached through Session Manager alone.
locals {
  hosts_path = "/${var.foundation.name}/approval_workflow/hosts"
  hosts_name = "${local.workflow}-host"
  subnet_ids = try(var.network.subnet_ids, data.aws_subnets.default["network"].ids)
  vpc_id     = try(var.network.vpc_id, data.aws_vpc.default["network"].id)

  default_network = toset([for network in ["network"] : network if var.network == null])
}

data "aws_vpc" "default" {
  for_each = local.default_network
  default  = true
}

data "aws_subnets" "default" {
  for_each = local.default_network

  filter {
    name   = "vpc-id"
    values = [data.aws_vpc.default[each.key].id]
  }
}

resource "aws_launch_template" "host" {
  name                   = local.hosts_name
  description            = "A host that people approved."
  update_default_version = true
  ebs_optimized          = true

  metadata_options {
    http_endpoint               = "enabled"
    http_tokens                 = "required"
    http_put_response_hop_limit = 1
    instance_metadata_tags      = "enabled" # by its tag `request-id` a host finds its parameters
  }

  block_device_mappings {
    device_name = "/dev/xvda" # the root of Amazon Linux

    ebs {
      encrypted             = true
      kms_key_id            = var.foundation.kms_key_arn
      volume_type           = "gp3"
      delete_on_termination = true
    }
  }

  # Which of the subnets is chosen at the launch.
  network_interfaces {
    device_index                = 0
    associate_public_ip_address = false
    delete_on_termination       = true
    security_groups             = [aws_security_group.host.id]
  }

  iam_instance_profile {
    arn = aws_iam_instance_profile.host.arn
  }

  monitoring {
    enabled = true
  }
}

resource "aws_security_group" "host" {
  name        = local.hosts_name
  description = "Nothing comes in; HTTPS goes out, to AWS."
  vpc_id      = local.vpc_id
}

resource "aws_vpc_security_group_egress_rule" "https" {
  security_group_id = aws_security_group.host.id
  description       = "Session Manager and package repositories."
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
  cidr_ipv4         = "0.0.0.0/0"
}

resource "aws_iam_instance_profile" "host" {
  name = local.hosts_name
  role = aws_iam_role.host.name
}

resource "aws_iam_role" "host" {
  name                 = local.hosts_name
  description          = "What hosts that people approved may do."
  assume_role_policy   = data.aws_iam_policy_document.host_trust.json
  permissions_boundary = var.foundation.permissions_boundary_arn
}

resource "aws_iam_role_policy" "host" {
  name   = "permissions"
  role   = aws_iam_role.host.id
  policy = data.aws_iam_policy_document.host.json
}

# EC2 documents neither a source account nor a source ARN here; a role can be handed to instances of its own account only.
data "aws_iam_policy_document" "host_trust" {
  statement {
    sid     = "BeAHost"
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["ec2.amazonaws.com"]
    }
  }
}

data "aws_iam_policy_document" "host" {
  # https://docs.aws.amazon.com/systems-manager/latest/userguide/getting-started-add-permissions-to-existing-profile.html
  statement {
    sid       = "RegisterWithSessionManager"
    actions   = ["ssm:UpdateInstanceInformation"]
    resources = ["${local.ec2}:instance/*"]
  }

  statement {
    sid = "OpenSessions"
    actions = [
      "ssmmessages:CreateControlChannel",
      "ssmmessages:CreateDataChannel",
      "ssmmessages:OpenControlChannel",
      "ssmmessages:OpenDataChannel",
    ]
    resources = ["*"] # none of them has a resource level
  }

  # A parameter carries the ARN of the host it is for; reading by path knows no tags and is not granted.
  statement {
    sid       = "ReadOwnParameters"
    actions   = ["ssm:GetParameter", "ssm:GetParameters"]
    resources = [local.hosts_arn]

    condition {
      test     = "StringEquals"
      variable = "aws:ResourceTag/instance"
      values   = ["$${ec2:SourceInstanceARN}"]
    }
  }
}
