# Whose store it is, and who hears of it.
variable "name" {
  description = "The workflow's name in snake_case; the store's parts have the foundation's name before it, with hyphens."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9]*(_[a-z0-9]+)*$", var.name))
    error_message = "`name` must be snake_case: lower-case letters, digits and single underscores."
  }
}

variable "foundation" {
  description = "The output of `modules/foundation`."
  nullable    = false

  type = object({
    name                = string
    account_id          = string
    partition           = string
    region              = string
    kms_key_arn         = string
    access_log_bucket   = string
    deletion_protection = bool
  })
}

variable "recipients" {
  description = "Who hears of what is theirs: e-mail addresses by the value of the owner tag; `operators` are told of runs, failures, and what has no owner."
  type        = map(string)
  nullable    = false

  validation {
    condition     = alltrue([for address in values(var.recipients) : can(regex("^[^@\\s]+@[^@\\s]+$", address))])
    error_message = "`recipients` holds something that is no e-mail address: write them like `team@example.com`."
  }

  validation {
    condition     = contains(keys(var.recipients), "operators")
    error_message = "`recipients` lacks `operators`: nobody would hear of runs that failed, and of what has no owner."
  }
}

variable "retention" {
  description = "How long plans and old versions of objects are kept, in days; reports are kept until somebody removes them."
  default     = {}
  nullable    = false

  type = object({
    plans_days        = optional(number, 30)
    old_versions_days = optional(number, 30)
  })

  validation {
    condition     = var.retention.plans_days >= 7 && var.retention.old_versions_days >= 1
    error_message = "`retention.plans_days` must be 7 or more, as a run that broke off goes on with its plan, and `retention.old_versions_days` 1 or more."
  }
}

# What every workflow's settings have in common is judged here; what is a workflow's own, by its module.
variable "settings" {
  description = "The JSON that runs keep to, `limits` and `prices` among it; `jsonencode` writes it."
  type        = string
  nullable    = false

  validation {
    condition     = can(keys(jsondecode(var.settings)))
    error_message = "`settings` must be a JSON object: write it with `jsonencode(var.settings)`."
  }

  # Parameter Store's advanced tier takes twice the 4 KB of the standard one.
  validation {
    condition     = length(var.settings) <= 8192
    error_message = "`settings` has more than the 8,192 characters of a parameter: take prices or calendars out that nobody uses."
  }

  validation {
    condition     = try(alltrue([for limit in ["max_count", "max_gib"] : can(regex("^[0-9]+$", jsondecode(var.settings).limits[limit]))]) && abs(jsondecode(var.settings).limits.max_percent - 50) <= 50, false)
    error_message = "`settings.limits` must have `max_count` and `max_gib`, whole numbers from 0 on, and `max_percent`, from 0 to 100."
  }

  validation {
    condition     = try(alltrue([for price in values(jsondecode(var.settings).prices) : can(regex("^[0-9]{1,6}([.][0-9]{1,6})?$", price))]), false)
    error_message = "`settings.prices` must be decimals in quotes with at most six digits on either side of the point, like \"0.08\"."
  }

  validation {
    condition     = alltrue([for key in ["opt_out_tag", "owner_tag"] : can(regex("^[A-Za-z0-9_.:/=+@-]{1,128}$", try(jsondecode(var.settings)[key], key)))])
    error_message = "`settings.opt_out_tag` and `settings.owner_tag` must be keys of tags: 1 to 128 letters, digits and _.:/=+@-."
  }

  validation {
    condition     = contains(range(1, 41), try(jsondecode(var.settings).workers, 1))
    error_message = "`settings.workers` must be a whole number from 1 to 40: all of them share EC2's request rate."
  }

  validation {
    condition     = alltrue([for rate in values(try(jsondecode(var.settings).rates, {})) : try(rate.burst >= 1 && rate.per_second > 0, false)])
    error_message = "`settings.rates` must have a `burst` of 1 or more and a `per_second` above 0, or nothing would ever be done."
  }
}
