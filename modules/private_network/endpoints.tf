# The only ways out of the subnets: to services of AWS in this region, for this account's callers and this account's resources.
locals {
  # They cost nothing and have no network interface: https://docs.aws.amazon.com/vpc/latest/privatelink/gateway-endpoints.html
  gateways = toset(["dynamodb", "s3"])

  # What services are called in IAM, and what in an endpoint's name where that is another word.
  # https://docs.aws.amazon.com/vpc/latest/privatelink/aws-services-privatelink-support.html
  interfaces = merge({ for service in local.services : service => service }, { cloudwatch = "monitoring" })

  # What the functions of this repository may call, by the actions that they are granted. Their logs do not come this way.
  # https://docs.aws.amazon.com/lambda/latest/dg/foundation-networking.html
  services = [
    "autoscaling",
    "cloudformation",
    "cloudtrail",
    "cloudwatch",
    "codecommit",
    "ec2",
    "kms",
    "lambda",
    "secretsmanager",
    "sns",
    "sqs",
    "ssm",
    "states",
    "xray",
  ]
}

resource "aws_vpc_endpoint" "gateway" {
  for_each = local.gateways

  vpc_id            = aws_vpc.this.id
  service_name      = "com.amazonaws.${local.region}.${each.key}"
  vpc_endpoint_type = "Gateway"
  route_table_ids   = [aws_route_table.private.id]
  policy            = data.aws_iam_policy_document.endpoint.json

  tags = { Name = "${var.name}-${each.key}" }
}

resource "aws_vpc_endpoint" "interface" {
  for_each = { for service in coalesce(var.services, local.services) : service => local.interfaces[service] }

  vpc_id              = aws_vpc.this.id
  service_name        = "com.amazonaws.${local.region}.${each.value}"
  vpc_endpoint_type   = "Interface"
  subnet_ids          = values(aws_subnet.private)[*].id
  security_group_ids  = [aws_security_group.endpoints.id]
  private_dns_enabled = true # so that code calls a service by the name that it always has
  policy              = data.aws_iam_policy_document.endpoint.json

  tags = { Name = "${var.name}-${each.key}" }
}

# A policy of an endpoint grants nothing: it says what may pass. Its principal must be everybody, the conditions say who is meant.
# https://docs.aws.amazon.com/vpc/latest/privatelink/vpc-endpoints-access.html
data "aws_iam_policy_document" "endpoint" {
  #checkov:skip=CKV_AWS_1:An endpoint's policy grants nothing; it narrows what roles allow to this account, by the conditions below.
  #checkov:skip=CKV_AWS_49:An endpoint's policy grants nothing; it narrows what roles allow to this account, by the conditions below.
  # Some actions have no resource whose account could be compared, such as `ec2:CopySnapshot`.
  # https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-resourceaccount
  statement {
    sid       = "ThisAccountToItself"
    actions   = ["*"]
    resources = ["*"]

    principals {
      type        = "AWS"
      identifiers = ["*"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:PrincipalAccount"
      values   = [local.account_id]
    }

    condition {
      test     = "StringEqualsIfExists"
      variable = "aws:ResourceAccount"
      values   = [local.account_id]
    }
  }

  # Images and the parameters that name them are Amazon's own.
  # https://github.com/aws-samples/data-perimeter-policy-examples/tree/main/vpc_endpoint_policies
  statement {
    sid     = "ThisAccountToWhatIsPublic"
    actions = ["ec2:RunInstances", "ssm:GetParameter", "ssm:GetParameters"]

    resources = [
      "arn:${local.partition}:ec2:${local.region}::image/*",
      "arn:${local.partition}:ssm:${local.region}::parameter/aws/service/*",
    ]

    principals {
      type        = "AWS"
      identifiers = ["*"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:PrincipalAccount"
      values   = [local.account_id]
    }
  }
}
