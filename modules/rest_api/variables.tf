# What makes one API differ from another.
variable "name" {
  description = "The API's name in snake_case; its AWS name has the foundation's name before it, with hyphens."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9]*(_[a-z0-9]+)*$", var.name))
    error_message = "`name` must be snake_case: lower-case letters, digits and single underscores."
  }
}

variable "alarms" {
  description = "When somebody is called, and the runbook sentence that tells them what to do."
  nullable    = false

  type = object({
    runbook              = string
    server_error_percent = optional(number, 5)
    latency_percent      = optional(number, 80)
  })

  validation {
    condition     = can(regex("^\\S+( \\S+){3,}\\.$", trimspace(var.alarms.runbook)))
    error_message = "`alarms.runbook` must be a sentence that says what to do, with a full stop at its end."
  }

  validation {
    condition     = var.alarms.server_error_percent > 0 && var.alarms.server_error_percent <= 100
    error_message = "`alarms.server_error_percent` is a share of the calls: use a number above 0, up to 100."
  }

  validation {
    condition     = var.alarms.latency_percent > 0 && var.alarms.latency_percent < 100
    error_message = "`alarms.latency_percent` is a share of the time that API Gateway waits: use a number between 0 and 100."
  }
}

variable "description" {
  description = "One sentence that says what the API is for."
  type        = string
  nullable    = false

  validation {
    condition     = endswith(var.description, ".") && length(var.description) <= 256
    error_message = "`description` must be a sentence of at most 256 characters, with a full stop at its end."
  }
}

variable "foundation" {
  description = "The output of `modules/foundation`."
  nullable    = false

  type = object({
    name               = string
    partition          = string
    region             = string
    kms_key_arn        = string
    alarm_topic_arn    = string
    log_retention_days = number
    api_url_format     = optional(string)
  })
}

variable "routes" {
  description = "What each route calls, by method and path such as `GET /requests/{request_id}`: the ARN of a function's alias, the JSON schema of the body it takes, and, for a route that asks for no signature, why."
  nullable    = false

  type = map(object({
    function_arn   = string
    request_schema = optional(string)
    public_because = optional(string)
  }))

  validation {
    condition     = length(var.routes) > 0 && alltrue([for key in keys(var.routes) : can(regex("^(DELETE|GET|PATCH|POST|PUT) (/([a-z0-9_-]+|\\{[a-z][a-z0-9_]*\\}))+$", key))])
    error_message = "Keys of `routes` are a method and a path, like `GET /requests/{request_id}`; there must be at least one."
  }

  validation {
    condition     = alltrue([for route in values(var.routes) : can(regex(":function:[^:]+:[^:]+$", route.function_arn))])
    error_message = "`function_arn` of a route must be the ARN of an alias, with `:live` at its end: nothing else may be invoked."
  }

  validation {
    condition     = alltrue([for route in values(var.routes) : try(jsondecode(route.request_schema).type == "object", false) if route.request_schema != null])
    error_message = "`request_schema` of a route must be the JSON text of a schema with `type` \"object\": write it with `jsonencode`."
  }

  validation {
    condition     = !anytrue([for key, route in var.routes : can(regex("^(DELETE|GET) ", key)) if route.request_schema != null])
    error_message = "A GET or DELETE has no body: take `request_schema` out, or use POST, PUT or PATCH."
  }

  validation {
    condition     = alltrue([for route in values(var.routes) : can(regex("^\\S+( \\S+){3,}\\.$", trimspace(route.public_because))) if route.public_because != null])
    error_message = "`public_because` lets everybody call a route: say in a sentence why that is right, with a full stop at its end."
  }
}

variable "throttling" {
  description = "How many calls the stage takes in a second, and at once; more are refused with status 429."
  default     = {}
  nullable    = false

  type = object({
    requests_per_second = optional(number, 10)
    burst               = optional(number, 20)
  })

  validation {
    condition     = var.throttling.requests_per_second >= 1 && var.throttling.burst >= 1
    error_message = "`throttling` below 1 would refuse every call: use 1 or more for each."
  }
}
