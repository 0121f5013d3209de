# What an environment decides about volumes that nobody uses.
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
    runtime                  = string
    architecture             = string
    canary                   = optional(bool, false)
    layer_arns               = list(string)
    packages                 = map(object({ bucket = string, key = string, hash = string }))
    dashboards               = optional(string, "overview")
    log_retention_days       = number
    network                  = optional(object({ subnet_ids = set(string), security_group_ids = set(string), internet = optional(bool, false) }))
    configuration_seconds    = optional(number, 60)
    access_log_bucket        = string
    deletion_protection      = bool
    permissions_boundary_arn = optional(string)
  })
}

variable "recipients" {
  description = "Who hears of what is theirs: e-mail addresses by the value of the owner tag; `operators` are told of runs, failures, and what has no owner."
  type        = map(string)
  nullable    = false
}

variable "schedule" {
  description = "When the clean-up runs, as `modules/schedule` takes it: once a day, as days are what it counts."
  nullable    = false

  type = object({
    expression       = string
    time_zone        = optional(string, "UTC")
    flexible_minutes = optional(number, 0)
  })
}

variable "settings" {
  description = "What a run keeps to. `dry_run` plans and reports, and touches nothing. A volume unattached for `min_detached_days` is marked, and deleted `grace_days` later, after its snapshot; over any of `limits` a run does nothing at all. `prices` are US dollars a GiB and month by volume type. `rates` are for accounts for which AWS raised EC2's request limits."
  nullable    = false

  type = object({
    dry_run           = optional(bool, true)
    min_detached_days = optional(number, 14)
    grace_days        = optional(number, 7)
    limits            = object({ max_count = number, max_gib = number, max_percent = number })
    prices            = map(string)
    opt_out_tag       = optional(string, "keep-until")
    owner_tag         = optional(string, "owner")
    workers           = optional(number, 4)
    looks             = optional(number, 360)
    look_seconds      = optional(number, 60)
    rates             = optional(map(object({ burst = number, per_second = number })), {})
  })

  validation {
    condition     = alltrue([for days in [var.settings.min_detached_days, var.settings.grace_days] : days >= 0 && days <= 3650 && floor(days) == days])
    error_message = "`settings.min_detached_days` and `settings.grace_days` must be whole numbers from 0 to 3650."
  }

  # A page has half a day for its snapshots, of the day that a run may take.
  validation {
    condition     = var.settings.looks >= 1 && var.settings.look_seconds >= 1 && var.settings.looks * var.settings.look_seconds <= 43200
    error_message = "`settings.looks` times `settings.look_seconds` must be 1 to 43200 seconds: a run has a day for all that it does."
  }

  # A look takes nine of the 25,000 events that the history of a page's execution may have.
  validation {
    condition     = var.settings.looks <= 1500
    error_message = "`settings.looks` must be 1500 or less: Step Functions ends executions with a longer history; look less often instead."
  }
}
