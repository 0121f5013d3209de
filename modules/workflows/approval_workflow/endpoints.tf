# The functions that others than the machine call: people through the API, the requests' stream, and a pipeline's machine, to begin
# with. The machine's own functions need the API's address, so these cannot be made in the same breath.
locals {
  endpoints = {
    submit_request = {
      description     = "Takes a request and starts the machine for it, once."
      timeout_seconds = 20
      runbook         = "Read the function's log by the correlation id that the caller was given; callers can repeat their request safely."

      # The alias by its name: the machine itself is made after the functions that it calls, which need this API's address.
      environment = merge(local.keep_tables, { STATE_MACHINE_ARN = "${local.machine_arn}:live" })

      permissions = merge(local.keep_requests, {
        StartTheMachine = {
          actions    = ["states:StartExecution"]
          resources  = [local.machine_arn]
          conditions = [{ test = "StringEquals", variable = "states:StateMachineQualifier", values = ["live"] }]
        }
      })
    }

    show_request = {
      description     = "Shows requesters their own request."
      timeout_seconds = 20
      runbook         = "Read the function's log by the correlation id that the caller was given."
      environment     = { REQUESTS_TABLE = local.keep_tables.REQUESTS_TABLE }
      permissions     = local.read_requests
    }

    show_decision = {
      description     = "Shows an approver what is asked of them; it can change nothing."
      timeout_seconds = 20
      runbook         = "Read the function's log by the correlation id on the page; approvers cannot decide meanwhile."

      environment = {
        LINKS_TABLE     = aws_dynamodb_table.this["links"].name
        LINK_KEY_SECRET = module.link_key.arn
        REQUESTS_TABLE  = local.keep_tables.REQUESTS_TABLE
      }

      permissions = merge(local.read_requests, local.read_links)
    }

    decide = {
      description     = "Stores an approver's decision, once."
      timeout_seconds = 25 # API Gateway waits for 29
      runbook         = "Read the function's log by the correlation id on the page; approvers cannot decide meanwhile."

      environment = merge(local.keep_tables, {
        LINKS_TABLE     = aws_dynamodb_table.this["links"].name
        LINK_KEY_SECRET = module.link_key.arn
      })

      permissions = merge(local.keep_requests, local.read_links)
    }

    open_decision = {
      description     = "Makes a request of what a pipeline would deploy, once, and names who may decide about it."
      timeout_seconds = 30
      runbook         = "Read the function's log by the run's id; nobody was asked, and the run has failed before it changed anything."
      environment     = merge(local.keep_tables, { POLICY_PARAMETER = local.policy_parameter })
      permissions     = merge(local.keep_requests, local.read_policy)
    }

    resume_workflow = {
      description     = "Answers the waiting machine's token once a decision is stored."
      timeout_seconds = 30
      runbook         = "Read the function's log; machines go on at their next reminder or deadline, where the stored decision counts."
      environment     = {}
      permissions     = merge(local.use_key.dynamodb, local.answer_tokens)
    }
  }
}

module "endpoint" {
  source   = "../../lambda_function"
  for_each = local.endpoints

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
