# Which events start what.
variable "name" {
  description = "The trigger's name in snake_case; the rule has the foundation's name before it, with hyphens."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9]*(_[a-z0-9]+)*$", var.name))
    error_message = "`name` must be snake_case: lower-case letters, digits and single underscores."
  }

  validation {
    condition     = length("${var.foundation.name}-${var.name}") <= 64
    error_message = "With the foundation's name, `name` has more than the 64 characters of a rule or a role: shorten it."
  }
}

variable "description" {
  description = "One sentence that says which events start what."
  type        = string
  nullable    = false

  validation {
    condition     = endswith(var.description, ".") && length(var.description) <= 512
    error_message = "`description` must be a sentence of at most 512 characters, with a full stop at its end."
  }
}

variable "event_bus" {
  description = "Name of the event bus; AWS services send to the default one."
  type        = string
  default     = "default"
  nullable    = false

  validation {
    condition     = can(regex("^[A-Za-z0-9/._-]{1,256}$", var.event_bus))
    error_message = "`event_bus` must be the bus's name, not its ARN."
  }
}

variable "event_pattern" {
  description = "The JSON of an EventBridge pattern; `jsonencode` writes it."
  type        = string
  nullable    = false

  validation {
    condition     = can(keys(jsondecode(var.event_pattern)))
    error_message = "`event_pattern` must be a JSON object: write it with `jsonencode({ source = [\"aws.s3\"] })`."
  }

  validation {
    condition     = anytrue([for key in try(keys(jsondecode(var.event_pattern)), ["source"]) : contains(["source", "detail-type", "account"], key)])
    error_message = "`event_pattern` would match nearly every event of the bus: name `source`, `detail-type` or `account`."
  }
}

variable "foundation" {
  description = "The output of `modules/foundation`."
  nullable    = false

  type = object({
    name                     = string
    account_id               = string
    partition                = string
    region                   = string
    kms_key_arn              = string
    alarm_topic_arn          = string
    permissions_boundary_arn = optional(string)
  })
}

variable "retry" {
  description = "How long and how often EventBridge tries to deliver an event before it goes to the dead-letter queue."
  default     = {}
  nullable    = false

  type = object({
    max_attempts          = optional(number, 20)
    max_event_age_seconds = optional(number, 3600)
  })

  validation {
    condition     = var.retry.max_attempts >= 0 && var.retry.max_attempts <= 185
    error_message = "`retry.max_attempts` must lie between 0 and 185."
  }

  validation {
    condition     = var.retry.max_event_age_seconds >= 60 && var.retry.max_event_age_seconds <= 86400
    error_message = "`retry.max_event_age_seconds` must lie between 60 and 86400."
  }
}

variable "runbook" {
  description = "The sentence that tells what to do when events start nothing."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^\\S+( \\S+){3,}\\.$", trimspace(var.runbook)))
    error_message = "`runbook` must be a sentence that says what to do, with a full stop at its end."
  }
}

variable "target" {
  description = "What the events start: a `state_machine` or a `function`, by the ARN of its alias; or the `queue` that they are put into, whose policy has to let this rule."
  nullable    = false

  type = object({
    kind = string
    arn  = string
  })

  validation {
    condition     = contains(["state_machine", "function", "queue"], var.target.kind)
    error_message = "`target.kind` must be `state_machine`, `function` or `queue`."
  }

  validation {
    condition     = can(regex(var.target.kind == "queue" ? ":sqs:[^:]+:[0-9]+:[^:.]+$" : ":(stateMachine|function):[^:]+:[^:]+$", var.target.arn))
    error_message = "`target.arn` must be the ARN of an alias, with `:live` at its end, as nothing else may be invoked; or that of a standard queue."
  }
}
