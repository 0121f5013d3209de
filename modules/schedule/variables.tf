# When what is started.
variable "name" {
  description = "The schedule's name in snake_case; in AWS it has the foundation's name before it, with hyphens."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9]*(_[a-z0-9]+)*$", var.name))
    error_message = "`name` must be snake_case: lower-case letters, digits and single underscores."
  }

  validation {
    condition     = length("${var.foundation.name}-${var.name}-schedule") <= 64
    error_message = "With the foundation's name and `-schedule`, `name` has more than the 64 characters of a role: shorten it."
  }
}

variable "description" {
  description = "One sentence that says what is started when."
  type        = string
  nullable    = false

  validation {
    condition     = endswith(var.description, ".") && length(var.description) <= 512
    error_message = "`description` must be a sentence of at most 512 characters, with a full stop at its end."
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
  description = "How long and how often EventBridge Scheduler tries to start the target before the start goes to the dead-letter queue."
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
  description = "The sentence that tells what to do when nothing was started."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^\\S+( \\S+){3,}\\.$", trimspace(var.runbook)))
    error_message = "`runbook` must be a sentence that says what to do, with a full stop at its end."
  }
}

variable "schedule" {
  description = "`expression` is `cron(…)` or `rate(…)`, in a time zone of the IANA database, whose summer time counts; within how many minutes after each moment the start may come, which spreads the load."
  nullable    = false

  type = object({
    expression       = string
    time_zone        = optional(string, "UTC")
    flexible_minutes = optional(number, 0)
  })

  validation {
    condition     = can(regex("^(rate\\([1-9][0-9]* (minute|hour|day)s?\\)|cron\\(\\S+( \\S+){5}\\))$", var.schedule.expression))
    error_message = "`schedule.expression` must be `rate(15 minutes)`, or `cron(0 3 * * ? *)` with six fields."
  }

  validation {
    condition     = can(regex("^(UTC|[A-Z][A-Za-z]+(/[A-Z][A-Za-z0-9_+-]+){1,2})$", var.schedule.time_zone))
    error_message = "`schedule.time_zone` must be a name of the IANA database such as `Europe/Berlin`, not an offset or a letter."
  }

  validation {
    condition     = var.schedule.flexible_minutes >= 0 && var.schedule.flexible_minutes <= 1440 && floor(var.schedule.flexible_minutes) == var.schedule.flexible_minutes
    error_message = "`schedule.flexible_minutes` must be a whole number from 0 to 1440."
  }
}

variable "target" {
  description = "What is started: a `state_machine` or a `function`, by the ARN of its alias, with which JSON; `<aws.scheduler.scheduled-time>` in it becomes the moment that the schedule meant."
  nullable    = false

  type = object({
    kind  = string
    arn   = string
    input = optional(string, "{}")
  })

  validation {
    condition     = contains(["state_machine", "function"], var.target.kind)
    error_message = "`target.kind` must be `state_machine` or `function`."
  }

  validation {
    condition     = can(regex(":(stateMachine|function):[^:]+:[^:]+$", var.target.arn))
    error_message = "`target.arn` must be the ARN of an alias, with `:live` at its end: nothing else may be started."
  }

  validation {
    condition     = can(keys(jsondecode(var.target.input)))
    error_message = "`target.input` must be a JSON object: write it with `jsonencode({ task = \"backup\" })`."
  }
}
