# modules/workflows/approval_workflow: hosts are launched in one way only, and a policy that cannot work fails the plan.
# The real provider, so that plans hold real policies; nothing here calls AWS.
provider "aws" {
  region                      = "us-east-1"
  access_key                  = "000000000000"
  secret_key                  = "test"
  skip_credentials_validation = true
  skip_requesting_account_id  = true
}

variables {
  policy = {
    people           = { ada = { email = "ada@example.com", principal = "arn:aws:iam::000000000000:user/ada" }, bert = { email = "bert@example.com", principal = "arn:aws:iam::000000000000:user/bert" } }
    instance_types   = [{ type = "t3.micro", usd_per_hour = "0.0104" }]
    image_parameters = ["/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64"]
    cost_centres     = ["platform"]
    max_hours        = 72
    max_price_usd    = "5.00"
    approvals        = { needed = 1, from = ["ada", "bert"] }
    deadline_seconds = 259200
  }
}

override_data {
  target = data.aws_vpc.default
  values = { id = "vpc-0a" }
}
override_data {
  target = data.aws_subnets.default
  values = { ids = ["subnet-0a", "subnet-0b"] }
}

# Known ARNs, so that the documents that name them are known too.
override_resource {
  target          = aws_launch_template.host
  override_during = plan
  values          = { id = "lt-0a", arn = "arn:aws:ec2:us-east-1:000000000000:launch-template/lt-0a" }
}
override_resource {
  target          = aws_security_group.host
  override_during = plan
  values          = { id = "sg-0a" }
}
override_resource {
  target          = module.link_key.aws_secretsmanager_secret.this
  override_during = plan
  values          = { id = "arn:aws:secretsmanager:us-east-1:000000000000:secret:link-key", arn = "arn:aws:secretsmanager:us-east-1:000000000000:secret:link-key" }
}

# Step Functions would be asked to check a definition that is known to the last ARN.
override_module {
  target  = module.state_machine
  outputs = { arn = "arn:aws:states:us-east-1:000000000000:stateMachine:sample:live", state_machine_arn = "arn:aws:states:us-east-1:000000000000:stateMachine:sample", monitoring = { alarms = {}, series = [] } }
}

run "a_safe_workflow" {
  command = plan

  module {
    source = "../../modules/workflows/approval_workflow"
  }

  assert {
    condition     = alltrue([for table in aws_dynamodb_table.this : table.deletion_protection_enabled && table.point_in_time_recovery[0].enabled && table.server_side_encryption[0].kms_key_arn == var.foundation.kms_key_arn])
    error_message = "Tables must be protected, recoverable and encrypted."
  }

  assert {
    condition     = one([for name, table in aws_dynamodb_table.this : name if table.stream_enabled]) == "requests" && one([for name, table in local.tables : name if table.expires]) == "links" && aws_dynamodb_table.this["links"].ttl[0].attribute_name == "remove_at"
    error_message = "Requests wake the machine; only links may vanish."
  }

  assert {
    condition     = toset(flatten([for each in concat(values(local.steps), values(local.endpoints)) : [for permission in values(each.permissions) : [for action in permission.actions : action if startswith(action, "dynamodb:")]]])) == toset(["dynamodb:GetItem", "dynamodb:PutItem"])
    error_message = "No function may update or delete an item, least of all in the audit."
  }

  assert {
    condition     = !anytrue([for action in flatten(values(local.endpoints.show_decision.permissions)[*].actions) : can(regex(":(Put|Send|Start|Publish|Update|Delete)", action))])
    error_message = "Looking at a decision must not be able to change anything."
  }

  assert {
    condition     = toset(keys(output.decisions)) == toset(["ask_approvers", "close_request", "deadline_seconds", "open_decision", "people"])
    error_message = "A pipeline must be told how to make a request, ask about it, and close it."
  }

  assert {
    condition     = output.decisions.deadline_seconds == var.policy.deadline_seconds && output.decisions.people == keys(var.policy.people)
    error_message = "A pipeline must know whom it may name, and how long they have."
  }

  assert {
    condition     = toset(keys(local.endpoints.open_decision.permissions)) == toset(["AddToAudit", "KeepRequests", "ReadPolicy", "ReadRequests", "UseTheKeyForPolicy", "UseTheKeyThroughDynamodb"])
    error_message = "Making a deployment's request takes the policy, and writes the request with its audit entry, no more."
  }

  assert {
    condition     = aws_launch_template.host.metadata_options[0].http_tokens == "required" && aws_launch_template.host.metadata_options[0].http_put_response_hop_limit == 1
    error_message = "Hosts must ask for their credentials with a token of their own."
  }

  assert {
    condition     = aws_launch_template.host.block_device_mappings[0].ebs[0].encrypted == "true" && aws_launch_template.host.block_device_mappings[0].ebs[0].volume_type == "gp3" && aws_launch_template.host.network_interfaces[0].associate_public_ip_address == "false"
    error_message = "Disks must be encrypted, and hosts have no public address."
  }

  assert {
    condition     = one(local.launch.LaunchHosts.conditions[1].values) == "t3.micro" && alltrue([for name, permission in local.launch : contains(permission.conditions[*].variable, "ec2:LaunchTemplate") if contains(permission.actions, "ec2:RunInstances")])
    error_message = "Only the policy's types may be launched, and only by the template."
  }

  assert {
    condition     = local.steps.launch_instance.environment.SUBNET_IDS == "subnet-0a,subnet-0b"
    error_message = "Without a network of its own, the default one must serve."
  }

  assert {
    condition     = aws_ssm_parameter.policy.type == "SecureString" && aws_ssm_parameter.policy.key_id == var.foundation.kms_key_arn && toset(local.read_policy.UseTheKeyForPolicy.conditions[*].variable) == toset(["kms:ViaService", "kms:EncryptionContext:PARAMETER_ARN"])
    error_message = "Who people are and what they are called must be opened with the key, by who reads the policy alone."
  }

  assert {
    condition     = jsondecode(aws_ssm_parameter.policy.value).reminders == 3 && jsondecode(aws_ssm_parameter.policy.value).instance_types[0].usd_per_hour == "0.0104"
    error_message = "The policy must be complete, and its prices exact."
  }

  assert {
    condition     = toset(concat(keys(merge(local.steps, local.endpoints)), ["rotate_link_key"])) == toset([for file in fileset("../../lambda_src/approval_workflow/handlers", "*.py") : trimsuffix(file, ".py") if can(regex("\n(def handler\\(|handler = )", file("../../lambda_src/approval_workflow/handlers/${file}")))])
    error_message = "There must be a function for each handler, and no other."
  }
}

run "hosts_in_a_network_of_their_own" {
  command = plan

  module {
    source = "../../modules/workflows/approval_workflow"
  }

  variables {
    network = { vpc_id = "vpc-0c", subnet_ids = ["subnet-0c"] }
  }

  assert {
    condition     = local.steps.launch_instance.environment.SUBNET_IDS == "subnet-0c" && aws_security_group.host.vpc_id == "vpc-0c" && length(data.aws_vpc.default) == 0
    error_message = "Hosts must run where the environment says."
  }
}

run "warns_of_approvers_who_cannot_ask" {
  command = plan

  module {
    source = "../../modules/workflows/approval_workflow"
  }

  variables {
    # All of the approvers are needed.
    policy = merge(var.policy, { approvals = { needed = 2, from = ["ada", "bert"] } })
  }

  expect_failures = [check.approvers_may_ask_too]
}

run "refuses_first" {
  command = plan

  module {
    source = "../../modules/workflows/approval_workflow"
  }

  variables {
    # A name that means everybody.
    policy = merge(var.policy, {
      people    = { requesters = { email = "ada@example.com", principal = "arn:aws:iam::000000000000:user/ada" }, bert = { email = "bert@example.com", principal = "arn:aws:iam::000000000000:user/bert" } }
      approvals = { needed = 1, from = ["requesters", "bert"] }
    })

    # A network without subnets.
    network = { vpc_id = "vpc-0c", subnet_ids = [] }
  }

  expect_failures = [var.policy, var.network]
}

run "refuses_second" {
  command = plan

  module {
    source = "../../modules/workflows/approval_workflow"
  }

  variables {
    # What is no address.
    policy = merge(var.policy, { people = { ada = { email = "ada", principal = "arn:aws:iam::000000000000:user/ada" }, bert = { email = "bert@example.com", principal = "arn:aws:iam::000000000000:user/bert" } } })
  }

  expect_failures = [var.policy]
}

run "refuses_third" {
  command = plan

  module {
    source = "../../modules/workflows/approval_workflow"
  }

  variables {
    # A name for an ARN.
    policy = merge(var.policy, { people = { ada = { email = "ada@example.com", principal = "ada" }, bert = { email = "bert@example.com", principal = "arn:aws:iam::000000000000:user/bert" } } })
  }

  expect_failures = [var.policy]
}

run "refuses_fourth" {
  command = plan

  module {
    source = "../../modules/workflows/approval_workflow"
  }

  variables {
    # Two people in one.
    policy = merge(var.policy, { people = { ada = { email = "ada@example.com", principal = "arn:aws:iam::000000000000:user/bert" }, bert = { email = "bert@example.com", principal = "arn:aws:iam::000000000000:user/bert" } } })
  }

  expect_failures = [var.policy]
}

run "refuses_fifth" {
  command = plan

  module {
    source = "../../modules/workflows/approval_workflow"
  }

  variables {
    # An approver nobody knows.
    policy = merge(var.policy, { approvals = { needed = 1, from = ["bert", "cleo"] } })
  }

  expect_failures = [var.policy]
}

run "refuses_sixth" {
  command = plan

  module {
    source = "../../modules/workflows/approval_workflow"
  }

  variables {
    # More approvals than approvers.
    policy = merge(var.policy, { approvals = { needed = 2, from = ["bert", "bert"] } })
  }

  expect_failures = [var.policy]
}

run "refuses_seventh" {
  command = plan

  module {
    source = "../../modules/workflows/approval_workflow"
  }

  variables {
    # One type twice.
    policy = merge(var.policy, { instance_types = [{ type = "t3.micro", usd_per_hour = "0.0104" }, { type = "t3.micro", usd_per_hour = "0.0105" }] })
  }

  expect_failures = [var.policy]
}

run "refuses_eighth" {
  command = plan

  module {
    source = "../../modules/workflows/approval_workflow"
  }

  variables {
    # A price that is no decimal.
    policy = merge(var.policy, { instance_types = [{ type = "t3.micro", usd_per_hour = "cheap" }] })
  }

  expect_failures = [var.policy]
}

run "refuses_ninth" {
  command = plan

  module {
    source = "../../modules/workflows/approval_workflow"
  }

  variables {
    # Types that nobody may pay for.
    policy = merge(var.policy, { max_price_usd = "0.01" })
  }

  expect_failures = [var.policy]
}

run "refuses_tenth" {
  command = plan

  module {
    source = "../../modules/workflows/approval_workflow"
  }

  variables {
    # What is no path of a parameter.
    policy = merge(var.policy, { image_parameters = ["ami-0a"] })
  }

  expect_failures = [var.policy]
}

run "refuses_eleventh" {
  command = plan

  module {
    source = "../../modules/workflows/approval_workflow"
  }

  variables {
    # No cost centre.
    policy = merge(var.policy, { cost_centres = [] })
  }

  expect_failures = [var.policy]
}

run "refuses_twelfth" {
  command = plan

  module {
    source = "../../modules/workflows/approval_workflow"
  }

  variables {
    # Less than an hour.
    policy = merge(var.policy, { max_hours = 0.5 })
  }

  expect_failures = [var.policy]
}

run "refuses_thirteenth" {
  command = plan

  module {
    source = "../../modules/workflows/approval_workflow"
  }

  variables {
    # More reminders than seconds.
    policy = merge(var.policy, { deadline_seconds = 10 })
  }

  expect_failures = [var.policy]
}

run "refuses_fourteenth" {
  command = plan

  module {
    source = "../../modules/workflows/approval_workflow"
  }

  variables {
    # A warning before the start.
    policy = merge(var.policy, {
      max_hours       = 1
      warning_seconds = 3600
    })
  }

  expect_failures = [var.policy]
}

run "refuses_fifteenth" {
  command = plan

  module {
    source = "../../modules/workflows/approval_workflow"
  }

  variables {
    # Longer than an execution lasts.
    policy = merge(var.policy, { max_hours = 8760 })
  }

  expect_failures = [var.policy]
}

run "refuses_a_key_that_links_outlive" {
  command = plan

  module {
    source = "../../modules/workflows/approval_workflow"
  }

  variables {
    limits = { link_key_days = 2 }
  }

  expect_failures = [var.limits]
}
