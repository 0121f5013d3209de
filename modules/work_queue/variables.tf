# Who works a queue off, and how fast.
variable "name" {
  description = "The queue's name in snake_case; its AWS name has the foundation's name before it, with hyphens."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9]*(_[a-z0-9]+)*$", var.name))
    error_message = "`name` must be snake_case: lower-case letters, digits and single underscores."
  }

  validation {
    condition     = length("${var.foundation.name}-${var.name}-failures.fifo") <= 80
    error_message = "With the foundation's name and `-failures.fifo`, `name` has more than the 80 characters of a queue: shorten it."
  }
}

variable "alarms" {
  description = "When somebody is called, and the runbook sentence that tells them what to do; by default a message may take all of its tries."
  nullable    = false

  type = object({
    runbook         = string
    max_age_seconds = optional(number)
    backlog_minutes = optional(number, 15)
  })

  validation {
    condition     = can(regex("^\\S+( \\S+){3,}\\.$", trimspace(var.alarms.runbook)))
    error_message = "`alarms.runbook` must be a sentence that says what to do, with a full stop at its end."
  }

  validation {
    condition     = alltrue([for seconds in var.alarms.max_age_seconds[*] : seconds >= 60 && seconds < 345600])
    error_message = "`alarms.max_age_seconds` must lie between a minute (60) and the four days that messages are kept (345600)."
  }

  validation {
    condition     = contains(range(5, 65, 5), var.alarms.backlog_minutes)
    error_message = "`alarms.backlog_minutes` counts windows of five minutes: use 5, 10, 15 and so on, up to 60."
  }
}

variable "batch" {
  description = "How many messages an invocation gets, and how long Lambda gathers them."
  default     = {}
  nullable    = false

  type = object({
    size           = optional(number, 10)
    window_seconds = optional(number, 0)
  })

  validation {
    condition     = var.batch.size >= 1 && var.batch.size <= 10000 && floor(var.batch.size) == var.batch.size
    error_message = "`batch.size` must be a whole number from 1 to 10000."
  }

  validation {
    condition     = contains(range(0, 301), var.batch.window_seconds)
    error_message = "`batch.window_seconds` must be a whole number from 0 to 300."
  }

  validation {
    condition     = var.batch.size <= 10 || var.batch.window_seconds >= 1
    error_message = "A `batch.size` over 10 has to be gathered: set `batch.window_seconds` to 1 or more."
  }

  validation {
    condition     = var.fifo == null || (var.batch.size <= 10 && var.batch.window_seconds == 0)
    error_message = "A FIFO queue gives batches of 10 at most and does not gather them: lower `batch.size`, leave `batch.window_seconds` out."
  }

  validation {
    condition     = var.batch.window_seconds <= var.timeout_seconds
    error_message = "`batch.window_seconds` exceeds `timeout_seconds`: gathered messages would show up again while they are processed."
  }
}

variable "fifo" {
  description = "Null for a standard queue; else messages keep their order within a group, and are told apart by their `content` or by an `explicit` id of the producer."
  default     = null

  type = object({
    deduplication = string
  })

  validation {
    condition     = alltrue([for fifo in var.fifo[*] : contains(["content", "explicit"], fifo.deduplication)])
    error_message = "`fifo.deduplication` must be `content` or `explicit`."
  }
}

variable "filters" {
  description = "JSON patterns of messages for the function; those that match none are deleted unseen, also those that are no JSON."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = length(var.filters) <= 5
    error_message = "Lambda takes five filters for a queue: merge some of `filters`."
  }

  validation {
    condition     = alltrue([for pattern in var.filters : try(keys(jsondecode(pattern)) == ["body"], false)])
    error_message = "Each of `filters` must be a JSON object with the key `body` alone: write it with `jsonencode({ body = { type = [\"usage\"] } })`."
  }
}

variable "foundation" {
  description = "The output of `modules/foundation`."
  nullable    = false

  type = object({
    name            = string
    account_id      = string
    partition       = string
    region          = string
    kms_key_arn     = string
    alarm_topic_arn = string
  })
}

variable "function" {
  description = "The function that works the queue off: the ARN of its alias, and the name of its role, which is given what polling needs."
  nullable    = false

  type = object({
    arn       = string
    role_name = string
  })

  validation {
    condition     = can(regex(":function:[^:]+:[^:]+$", var.function.arn))
    error_message = "`function.arn` must be the ARN of an alias, with `:live` at its end: nothing else may be invoked."
  }
}

variable "max_concurrency" {
  description = "How many invocations may work at a time; what is downstream must stand that."
  type        = number
  default     = 10
  nullable    = false

  validation {
    condition     = contains(range(2, 1001), var.max_concurrency)
    error_message = "`max_concurrency` must be a whole number from 2 to 1000."
  }
}

variable "max_receive_count" {
  description = "How often a message is tried before it goes to the failure queue."
  type        = number
  default     = 5
  nullable    = false

  validation {
    condition     = contains(range(3, 1001), var.max_receive_count)
    error_message = "`max_receive_count` must be a whole number from 3 to 1000: with fewer tries, a moment's trouble makes failures of good messages."
  }
}

variable "senders" {
  description = "Services that may send beside the account's own roles: topics and rules, by their ARNs. What a topic cannot deliver it may put into the failure queue."
  default     = {}
  nullable    = false

  type = object({
    topic_arns = optional(list(string), [])
    rule_arns  = optional(list(string), [])
  })

  validation {
    condition     = alltrue([for arn in var.senders.topic_arns : can(regex("^arn:[^:]+:sns:", arn))]) && alltrue([for arn in var.senders.rule_arns : can(regex("^arn:[^:]+:events:[^:]+:[0-9]+:rule/", arn))])
    error_message = "`senders` must name topics of SNS and rules of EventBridge by their ARNs."
  }
}

variable "timeout_seconds" {
  description = "The function's timeout; a message stays hidden six times as long after it was received."
  type        = number
  nullable    = false

  validation {
    condition     = var.timeout_seconds >= 1 && var.timeout_seconds <= 900
    error_message = "`timeout_seconds` must be the function's own, between 1 and 900."
  }
}
