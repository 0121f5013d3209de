# Which table's changes go to which function, and what is done when that fails.
variable "name" {
  description = "The source's name in snake_case; its queue and alarms have the foundation's name before it, with hyphens."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9]*(_[a-z0-9]+)*$", var.name))
    error_message = "`name` must be snake_case: lower-case letters, digits and single underscores."
  }

  validation {
    condition     = length("${var.foundation.name}-${var.name}-failures") <= 80
    error_message = "With the foundation's name and `-failures`, `name` has more than the 80 characters of a queue: shorten it."
  }
}

variable "alarms" {
  description = "When somebody is called, and the runbook sentence that tells them what to do."
  nullable    = false

  type = object({
    runbook              = string
    iterator_age_seconds = optional(number, 300)
  })

  validation {
    condition     = can(regex("^\\S+( \\S+){3,}\\.$", trimspace(var.alarms.runbook)))
    error_message = "`alarms.runbook` must be a sentence that says what to do, with a full stop at its end."
  }

  validation {
    condition     = var.alarms.iterator_age_seconds >= 1 && var.alarms.iterator_age_seconds < var.retry.max_record_age_seconds
    error_message = "`alarms.iterator_age_seconds` must be less than `retry.max_record_age_seconds`: later, records are already given up."
  }
}

variable "batch" {
  description = "How many records an invocation gets, how long Lambda gathers them, and how many batches of a shard are worked on at a time; each item's order is kept."
  default     = {}
  nullable    = false

  type = object({
    size               = optional(number, 100)
    window_seconds     = optional(number, 0)
    parallel_per_shard = optional(number, 1)
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
    condition     = contains(range(1, 11), var.batch.parallel_per_shard)
    error_message = "`batch.parallel_per_shard` must be a whole number from 1 to 10."
  }
}

variable "filters" {
  description = "JSON patterns of records for the function; others are passed over, as if they had been processed."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = length(var.filters) <= 5
    error_message = "Lambda takes five filters for a stream: merge some of `filters`."
  }

  validation {
    condition     = alltrue([for pattern in var.filters : try(length(setsubtract(keys(jsondecode(pattern)), ["dynamodb", "eventName", "userIdentity"])) == 0, false)])
    error_message = "Each of `filters` must be a JSON object with `eventName`, `dynamodb` or `userIdentity`: write it with `jsonencode({ eventName = [\"INSERT\"] })`."
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
  description = "The function that gets the changes: the ARN of its alias, and the name of its role, which is given what reading needs."
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

variable "retry" {
  description = "How often, and until which age, records are tried before they are given up; a stream keeps them for a day."
  default     = {}
  nullable    = false

  type = object({
    max_attempts           = optional(number, 10)
    max_record_age_seconds = optional(number, 21600)
  })

  validation {
    condition     = contains(range(0, 101), var.retry.max_attempts)
    error_message = "`retry.max_attempts` must be a whole number from 0 to 100: without a bound, one record stops its shard for a day."
  }

  validation {
    condition     = var.retry.max_record_age_seconds >= 60 && var.retry.max_record_age_seconds <= 82800
    error_message = "`retry.max_record_age_seconds` must lie between 60 and 82800, an hour before the stream forgets: time to fetch what was given up."
  }
}

variable "starting_position" {
  description = "Where a new mapping begins: `TRIM_HORIZON` is the oldest change that the stream still has, `LATEST` the next one."
  type        = string
  default     = "TRIM_HORIZON"
  nullable    = false

  validation {
    condition     = contains(["TRIM_HORIZON", "LATEST"], var.starting_position)
    error_message = "`starting_position` must be `TRIM_HORIZON` or `LATEST`; streams of DynamoDB know no other."
  }
}

variable "stream_arn" {
  description = "ARN of the table's stream."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^arn:[^:]+:dynamodb:[^:]+:[^:]+:table/[^/]+/stream/", var.stream_arn))
    error_message = "`stream_arn` must be the ARN of a table's stream, not of the table: pass its `stream_arn`."
  }
}
