# Who talked to whom, and who was refused: every flow of the network, in a log group under a key of its own.
resource "aws_flow_log" "this" {
  vpc_id               = aws_vpc.this.id
  traffic_type         = "ALL"
  log_destination_type = "cloud-watch-logs"
  log_destination      = aws_cloudwatch_log_group.flows.arn
  iam_role_arn         = aws_iam_role.flows.arn

  tags = { Name = var.name }
}

resource "aws_cloudwatch_log_group" "flows" {
  #checkov:skip=CKV_AWS_338:A year, which is what is asked for, is the default; a network's owner may keep them for another time.
  name              = "/workflows/${var.name}/network"
  retention_in_days = var.log_retention_days
  kms_key_id        = aws_kms_key.flows.arn
}

resource "aws_iam_role" "flows" {
  name               = "${var.name}-network-flows"
  description        = "Writes what flows through the network of ${var.name}."
  assume_role_policy = data.aws_iam_policy_document.flows_trust.json
}

resource "aws_iam_role_policy" "flows" {
  name   = "permissions"
  role   = aws_iam_role.flows.id
  policy = data.aws_iam_policy_document.flows.json
}

# https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs-iam-role.html
data "aws_iam_policy_document" "flows_trust" {
  statement {
    sid     = "WriteFlows"
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["vpc-flow-logs.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [local.account_id]
    }

    condition {
      test     = "ArnLike"
      variable = "aws:SourceArn"
      values   = ["arn:${local.partition}:ec2:${local.region}:${local.account_id}:vpc-flow-log/*"]
    }
  }
}

data "aws_iam_policy_document" "flows" {
  statement {
    sid       = "WriteOwnLogs"
    actions   = ["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"]
    resources = ["${aws_cloudwatch_log_group.flows.arn}:*"]
  }

  statement {
    sid       = "FindOwnLogs"
    actions   = ["logs:DescribeLogGroups"]
    resources = ["*"] # it has no resource level
  }
}

# The network is there before any foundation, and its logs must be readable when one of those has gone.
resource "aws_kms_key" "flows" {
  description             = "What flowed through the network of ${var.name}."
  deletion_window_in_days = 30
  enable_key_rotation     = true
  policy                  = data.aws_iam_policy_document.flows_key.json
}

resource "aws_kms_alias" "flows" {
  name          = "alias/${var.name}-network-flows"
  target_key_id = aws_kms_key.flows.key_id
}

data "aws_iam_policy_document" "flows_key" {
  #checkov:skip=CKV_AWS_109:A key policy's root statement is what lets IAM policies of this account decide at all.
  #checkov:skip=CKV_AWS_111:In a key policy the resource "*" means this key.
  #checkov:skip=CKV_AWS_356:In a key policy the resource "*" means this key.
  statement {
    sid       = "LetThisAccountsPoliciesDecide"
    actions   = ["kms:*"]
    resources = ["*"]

    principals {
      type        = "AWS"
      identifiers = ["arn:${local.partition}:iam::${local.account_id}:root"]
    }
  }

  # https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html
  statement {
    sid       = "EncryptFlows"
    actions   = ["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*"]
    resources = ["*"]

    principals {
      type        = "Service"
      identifiers = ["logs.${local.region}.amazonaws.com"]
    }

    condition {
      test     = "ArnEquals"
      variable = "kms:EncryptionContext:aws:logs:arn"
      values   = ["arn:${local.partition}:logs:${local.region}:${local.account_id}:log-group:/workflows/${var.name}/network"]
    }
  }
}
