# What makes one state machine differ from another.
variable "name" {
  description = "The machine's name in snake_case; its AWS name has the foundation's name before it, with hyphens."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9]*(_[a-z0-9]+)*$", var.name))
    error_message = "`name` must be snake_case: lower-case letters, digits and single underscores."
  }

  validation {
    condition     = length("${var.foundation.name}-${var.name}-failures") <= 64
    error_message = "With the foundation's name and `-failures`, `name` has more than the 64 characters of a rule: shorten it."
  }
}

variable "alarms" {
  description = "When somebody is called, and the runbook sentence that tells them what to do."
  nullable    = false

  type = object({
    runbook   = string
    failed    = optional(number, 1)
    throttled = optional(number, 1)
  })

  validation {
    condition     = can(regex("^\\S+( \\S+){3,}\\.$", trimspace(var.alarms.runbook)))
    error_message = "`alarms.runbook` must be a sentence that says what to do, with a full stop at its end."
  }

  validation {
    condition     = var.alarms.failed >= 1 && var.alarms.throttled >= 1
    error_message = "`alarms.failed` and `alarms.throttled` count events a minute: use 1 or more, or the alarm never rests."
  }
}

variable "definition" {
  description = "Path of the `.asl.json` file: valid JSON, with placeholders only as whole quoted strings."
  type        = string
  nullable    = false

  validation {
    condition     = can(jsondecode(file(var.definition)).States)
    error_message = "`definition` must name a file that is valid JSON and has `States`; check ${var.definition}."
  }

  validation {
    condition     = length(regexall("\\$\\{", try(file(var.definition), ""))) == length(regexall("\"\\$\\{\\w+\\}\"", try(file(var.definition), "")))
    error_message = "${var.definition} has a placeholder inside a longer string: write it as a whole, like \"$${load_chunk}\"."
  }

  validation {
    condition     = !strcontains(try(file(var.definition), ""), "%%{")
    error_message = "${var.definition} contains %%{, which Terraform takes for its own: put a space between the two characters."
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
    log_retention_days       = number
    permissions_boundary_arn = optional(string)
  })
}

variable "resources" {
  description = "ARN of what each placeholder stands for, as narrow as the role may be: for S3 with the prefix."
  type        = map(string)
  nullable    = false

  validation {
    condition     = length(setsubtract(local.placeholders, keys(var.resources))) == 0
    error_message = "`resources` lacks ${join(", ", setsubtract(local.placeholders, keys(var.resources)))}, which ${var.definition} asks for: pass the ARN."
  }

  validation {
    condition     = length(setsubtract(keys(var.resources), local.placeholders)) == 0
    error_message = "`resources` has ${join(", ", setsubtract(keys(var.resources), local.placeholders))}, which ${var.definition} never uses: take it out."
  }

  validation {
    condition     = !anytrue([for arn in values(var.resources) : !startswith(arn, "arn:")])
    error_message = "`resources` must hold ARNs, also for buckets and queues: the name or the address is derived."
  }
}

variable "run_again" {
  description = "How an execution that ended badly is run again, where something cleans up after it and it may not be redriven; null where it may."
  type        = string
  default     = null

  validation {
    condition     = can(regex("^\\S+( \\S+){3,}\\.$", trimspace(coalesce(var.run_again, "Redrive it with the command."))))
    error_message = "`run_again` must be a sentence that says what to do, with a full stop at its end."
  }
}

variable "type" {
  description = "`STANDARD` runs each step once and for up to a year, `EXPRESS` at least once and for up to five minutes."
  type        = string
  default     = "STANDARD"
  nullable    = false

  validation {
    condition     = contains(["STANDARD", "EXPRESS"], var.type)
    error_message = "`type` must be `STANDARD` or `EXPRESS`."
  }

  validation {
    condition     = var.type != "EXPRESS" || !anytrue([for call in local.calls : can(regex("\\.(sync|waitForTaskToken)", call.resource))])
    error_message = "An EXPRESS machine cannot wait (.sync, .waitForTaskToken): use `STANDARD`, or call without waiting."
  }

  validation {
    condition     = var.type != "EXPRESS" || length(local.distributed) == 0
    error_message = "An EXPRESS machine has no distributed Map (${join(", ", local.distributed)}): use `STANDARD`, or an inline Map."
  }
}
