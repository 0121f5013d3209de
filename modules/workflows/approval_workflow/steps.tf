# The functions that the machine calls, each with exactly what it may touch.
locals {
  keep_tables = {
    AUDIT_TABLE    = aws_dynamodb_table.this["audit"].name
    REQUESTS_TABLE = aws_dynamodb_table.this["requests"].name
  }

  steps = {
    validate_request = {
      description     = "Holds a request against the policy and plans all that follows from it."
      timeout_seconds = 30
      runbook         = "Read the function's log; a policy that cannot be read is mended in the environment's values, then the run is redriven."
      environment     = merge(local.keep_tables, { POLICY_PARAMETER = local.policy_parameter })

      permissions = merge(local.keep_requests, local.read_policy, {
        FindImages = {
          actions = ["ssm:GetParameter"]
          resources = [
            for path in var.policy.image_parameters :
            startswith(path, "/aws/") ? "arn:${var.foundation.partition}:ssm:${var.foundation.region}::parameter${path}" : "${local.parameters}${path}"
          ]
        }
      })
    }

    ask_approvers = {
      description     = "Sends each approver who has not voted a link, and keeps the token that the decision answers."
      timeout_seconds = 60
      runbook         = "Read the function's log and see whether the topic takes messages; the request fails if this goes on, and can be made again."

      environment = merge(local.keep_tables, {
        DECISIONS_URL   = "${module.api.url}/decisions"
        LINKS_TABLE     = aws_dynamodb_table.this["links"].name
        LINK_KEY_SECRET = module.link_key.arn
        TOPIC_ARN       = module.topic.arn
      })

      permissions = merge(local.keep_requests, local.answer_tokens, local.use_key.sns, local.use_key.secretsmanager, {
        KeepLinks    = { actions = ["dynamodb:PutItem"], resources = [aws_dynamodb_table.this["links"].arn] }
        ReadLinkKey  = { actions = ["secretsmanager:GetSecretValue"], resources = [module.link_key.arn] }
        AskApprovers = { actions = ["sns:Publish"], resources = [module.topic.arn] }
      })
    }

    close_request = {
      description     = "Ends the time for decisions; a decision that came before counts."
      timeout_seconds = 30
      runbook         = "Read the function's log by the request's id; the request is still open, and nothing was launched."
      environment     = local.keep_tables
      permissions     = local.keep_requests
    }

    record_outcome = {
      description     = "Writes a request's outcome and its audit entry in one transaction."
      timeout_seconds = 30
      runbook         = "Read the function's log by the request's id, then see with the operator commands what the request's status is."
      environment     = local.keep_tables
      permissions     = local.keep_requests
    }

    launch_instance = {
      description     = "Launches the approved host from the launch template, once."
      timeout_seconds = 120
      runbook         = "Read the error in the function's log: capacity, a quota or a permission; the request has failed, and what was launched was ended."

      environment = merge(local.keep_tables, {
        LAUNCH_TEMPLATE_ID = aws_launch_template.host.id
        SECURITY_GROUP_ID  = aws_security_group.host.id
        SUBNET_IDS         = join(",", local.subnet_ids)
        WORKFLOW           = local.workflow
      })

      permissions = merge(local.keep_requests, local.launch)
    }

    publish_parameters = {
      description     = "Leaves a host what it has to know of itself."
      timeout_seconds = 30
      runbook         = "Read the function's log by the request's id; the request has failed, and its host was ended."
      environment     = { HOSTS_PATH = local.hosts_path, REQUESTS_TABLE = local.keep_tables.REQUESTS_TABLE }

      permissions = merge(local.read_requests, {
        PublishParameters = { actions = ["ssm:AddTagsToResource", "ssm:PutParameter"], resources = [local.hosts_arn] }
      })
    }

    extend_instance = {
      description     = "Moves the end of a running host, as far as the policy allows."
      timeout_seconds = 60
      runbook         = "Read the function's log by the request's id; the host keeps its old end, and the extension can be asked for again."
      environment     = merge(local.keep_tables, { HOSTS_PATH = local.hosts_path, POLICY_PARAMETER = local.policy_parameter })

      permissions = merge(local.keep_requests, local.read_policy, {
        MoveEndParameter = { actions = ["ssm:PutParameter"], resources = [local.hosts_arn] }

        MoveEndTag = {
          actions    = ["ec2:CreateTags"]
          resources  = ["${local.ec2}:instance/*"]
          conditions = concat(local.own_hosts, [{ test = "ForAllValues:StringEquals", variable = "aws:TagKeys", values = ["ends-at"] }])
        }
      })
    }

    end_instance = {
      description     = "Stops and terminates a request's host and removes its parameters."
      timeout_seconds = 300
      runbook         = "A host may run longer than approved: find it by its tag `request-id`, terminate it, then see in the function's log why."
      environment     = merge(local.keep_tables, { HOSTS_PATH = local.hosts_path, WORKFLOW = local.workflow })

      permissions = merge(local.keep_requests, local.find_hosts, {
        EndHosts         = { actions = ["ec2:StopInstances", "ec2:TerminateInstances"], resources = ["${local.ec2}:instance/*"], conditions = local.own_hosts }
        RemoveParameters = { actions = ["ssm:DeleteParameters"], resources = [local.hosts_arn] }
      })
    }
  }
}

module "step" {
  source   = "../../lambda_function"
  for_each = local.steps

  name        = "approval_workflow_${each.key}"
  description = each.value.description
  foundation  = var.foundation
  package     = "approval_workflow"
  handler     = "approval_workflow.handlers.${each.key}.handler"
  environment = each.value.environment
  permissions = each.value.permissions
  alarms      = { runbook = each.value.runbook }

  limits = {
    memory_mb       = var.limits.memory_mb
    timeout_seconds = each.value.timeout_seconds
  }
}
