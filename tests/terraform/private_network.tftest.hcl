# modules/private_network: subnets that nothing leads out of but endpoints, for this account alone.
# The real provider, so that plans hold real policies; nothing here calls AWS.
provider "aws" {
  region                      = "us-east-1"
  access_key                  = "000000000000"
  secret_key                  = "test"
  skip_credentials_validation = true
  skip_requesting_account_id  = true
}

variables {
  name  = "sample-test"
  zones = { us-east-1a = 0, us-east-1c = 2 }
}

override_data {
  target = data.aws_caller_identity.current
  values = { account_id = "000000000000" }
}

run "a_private_network_by_default" {
  command = plan

  module {
    source = "../../modules/private_network"
  }

  assert {
    condition     = { for zone, subnet in aws_subnet.private : subnet.availability_zone => subnet.cidr_block } == { us-east-1a = "10.0.0.0/20", us-east-1c = "10.0.32.0/20" }
    error_message = "Each zone must have its sixteenth of the addresses, wherever others come and go."
  }

  assert {
    condition     = !anytrue([for subnet in aws_subnet.private : subnet.map_public_ip_on_launch])
    error_message = "Nothing may get a public address."
  }

  assert {
    condition     = length(aws_route_table_association.private) == length(var.zones)
    error_message = "Every subnet must use the table that leads to the gateway endpoints."
  }

  assert {
    condition     = { for name, endpoint in aws_vpc_endpoint.gateway : name => "${endpoint.vpc_endpoint_type} ${endpoint.service_name}" } == { dynamodb = "Gateway com.amazonaws.us-east-1.dynamodb", s3 = "Gateway com.amazonaws.us-east-1.s3" }
    error_message = "S3 and DynamoDB must be reached without a network interface."
  }

  assert {
    condition     = toset(keys(aws_vpc_endpoint.interface)) == toset(local.services) && aws_vpc_endpoint.interface["cloudwatch"].service_name == "com.amazonaws.us-east-1.monitoring" && aws_vpc_endpoint.interface["sqs"].service_name == "com.amazonaws.us-east-1.sqs"
    error_message = "Whatever functions call must have an endpoint, by the endpoint's own name."
  }

  assert {
    condition     = alltrue([for endpoint in aws_vpc_endpoint.interface : endpoint.private_dns_enabled && endpoint.vpc_endpoint_type == "Interface"]) && aws_vpc.this.enable_dns_hostnames && aws_vpc.this.enable_dns_support
    error_message = "Code must reach a service by the name that it always has."
  }

  assert {
    condition     = alltrue([for statement in jsondecode(data.aws_iam_policy_document.endpoint.json).Statement : statement.Condition.StringEquals["aws:PrincipalAccount"] == "000000000000"])
    error_message = "Nobody else's credentials may be used from here."
  }

  assert {
    condition     = one([for statement in jsondecode(data.aws_iam_policy_document.endpoint.json).Statement : statement if statement.Resource == "*"]).Condition.StringEqualsIfExists["aws:ResourceAccount"] == "000000000000"
    error_message = "Nothing may leave for another account."
  }

  assert {
    condition     = one([for statement in jsondecode(data.aws_iam_policy_document.endpoint.json).Statement : statement if statement.Sid == "ThisAccountToWhatIsPublic"]).Resource == ["arn:aws:ssm:us-east-1::parameter/aws/service/*", "arn:aws:ec2:us-east-1::image/*"]
    error_message = "Of what is not this account's, images and their names may be used only."
  }

  assert {
    condition     = alltrue([for rule in concat([aws_vpc_security_group_ingress_rule.endpoints, aws_vpc_security_group_egress_rule.endpoints], values(aws_vpc_security_group_egress_rule.gateways)) : rule.from_port == 443 && rule.to_port == 443 && rule.ip_protocol == "tcp" && rule.cidr_ipv4 == null && rule.cidr_ipv6 == null])
    error_message = "HTTPS only, and to what has an endpoint only."
  }

  assert {
    condition     = aws_flow_log.this.traffic_type == "ALL" && aws_cloudwatch_log_group.flows.retention_in_days == 365 && aws_cloudwatch_log_group.flows.name == "/workflows/sample-test/network"
    error_message = "Every flow must be kept, for a year."
  }

  assert {
    condition     = one(jsondecode(data.aws_iam_policy_document.flows_trust.json).Statement).Condition == { StringEquals = { "aws:SourceAccount" = "000000000000" }, ArnLike = { "aws:SourceArn" = "arn:aws:ec2:us-east-1:000000000000:vpc-flow-log/*" } }
    error_message = "Only this account's flow logs may take the role."
  }

  assert {
    condition     = aws_kms_key.flows.enable_key_rotation && alltrue([for statement in jsondecode(data.aws_iam_policy_document.flows_key.json).Statement : statement.Principal != "*" && try(statement.Principal.AWS, "") != "*"])
    error_message = "The key must rotate, and name nobody outside of the account."
  }

  assert {
    condition     = one([for statement in jsondecode(data.aws_iam_policy_document.flows_key.json).Statement : statement if statement.Sid == "EncryptFlows"]).Condition.ArnEquals["kms:EncryptionContext:aws:logs:arn"] == "arn:aws:logs:us-east-1:000000000000:log-group:/workflows/sample-test/network"
    error_message = "The key must be of use for the network's log group only."
  }
}

run "as_many_endpoints_as_are_paid_for" {
  command = plan

  module {
    source = "../../modules/private_network"
  }

  variables {
    cidr_block = "172.16.0.0/22"
    services   = ["kms", "sqs"]
  }

  assert {
    condition     = keys(aws_vpc_endpoint.interface) == ["kms", "sqs"] && length(aws_vpc_endpoint.gateway) == 2
    error_message = "There must be the endpoints that were asked for, and those that cost nothing."
  }

  assert {
    condition     = aws_subnet.private["us-east-1c"].cidr_block == "172.16.0.128/26"
    error_message = "A small network must have small subnets."
  }
}

run "refuses_first" {
  command = plan

  module {
    source = "../../modules/private_network"
  }

  variables {
    # A name no foundation has.
    name = "Sample_Test"

    # More addresses than a VPC takes.
    cidr_block = "10.0.0.0/8"

    # A retention cloudwatch has not.
    log_retention_days = 45

    # A service nobody calls.
    services = ["redshift"]

    # One zone, which may fail.
    zones = { us-east-1a = 0 }
  }

  expect_failures = [var.name, var.cidr_block, var.log_retention_days, var.services, var.zones]
}

run "refuses_second" {
  command = plan

  module {
    source = "../../modules/private_network"
  }

  variables {
    # Two zones with the same addresses.
    zones = { us-east-1a = 0, us-east-1b = 0 }
  }

  expect_failures = [var.zones]
}
