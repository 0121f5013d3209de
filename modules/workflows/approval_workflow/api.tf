# Where people come in: requesters with a signature, approvers with a signed link.
locals {
  public_because = "An approver comes from an e-mail, without credentials of AWS: the signed link says who they are."

  # The same is checked again in the function: API Gateway passes on a body of another content type unread.
  request_schema = {
    type                 = "object"
    additionalProperties = false
    required             = ["purpose", "hours", "cost_centre"]
    anyOf                = [{ required = ["instance_type", "image_parameter"] }, { required = ["extends"] }]

    properties = {
      instance_type   = { type = "string", pattern = "^[a-z0-9-]{1,32}\\.[a-z0-9-]{1,32}$" }
      image_parameter = { type = "string", pattern = "^/[A-Za-z0-9_./-]{1,1010}$" }
      purpose         = { type = "string", minLength = 1, maxLength = 500 }
      hours           = { type = "integer", minimum = 1, maximum = 8760 }
      cost_centre     = { type = "string", minLength = 1, maxLength = 64 }
      extends         = { type = "string", pattern = "^req-[0-9a-f]{20}$" }
    }
  }
}

module "api" {
  source = "../../rest_api"

  name        = "approval_workflow"
  description = "Takes requests for hosts, and the decisions about them."
  foundation  = var.foundation

  throttling = {
    requests_per_second = var.limits.requests_per_second
    burst               = var.limits.burst
  }

  routes = {
    "POST /requests"             = { function_arn = module.endpoint["submit_request"].arn, request_schema = jsonencode(local.request_schema) }
    "GET /requests/{request_id}" = { function_arn = module.endpoint["show_request"].arn }
    "GET /decisions/{link}"      = { function_arn = module.endpoint["show_decision"].arn, public_because = local.public_because }
    "POST /decisions/{link}"     = { function_arn = module.endpoint["decide"].arn, public_because = local.public_because }
  }

  alarms = {
    runbook = "See in the access log which route fails, then read its function's log by the request id."
  }
}
