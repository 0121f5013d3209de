# What an environment decides about what need not run.
locals {
  day  = "(mon|tue|wed|thu|fri|sat|sun)"
  time = "([01][0-9]|2[0-3]):[0-5][0-9]"
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

variable "memory_mb" {
  description = "How much memory functions have; the one that plans holds all instances at once."
  type        = number
  default     = 512
  nullable    = false
}

variable "recipients" {
  description = "Who hears of what is theirs: e-mail addresses by the value of the owner tag; `operators` are told of runs, failures, and what has no owner."
  type        = map(string)
  nullable    = false
}

variable "schedule" {
  description = "How often it is looked what should run now, as `modules/schedule` takes it; no less often than people come and go."
  nullable    = false

  type = object({
    expression       = string
    time_zone        = optional(string, "UTC")
    flexible_minutes = optional(number, 0)
  })
}

variable "settings" {
  description = "What a run keeps to. `dry_run` plans and reports, and touches nothing. Instances and groups name one of `calendars` in their tag `schedule`; `idle` says below which use other instances are stopped, and null that none is. Owners have `veto_minutes` after the warning. Over any of `limits` a run stops nothing. `prices` are US dollars an hour by instance type; `other_types` are started where there is no room for the own one."
  nullable    = false

  type = object({
    dry_run      = optional(bool, true)
    calendars    = optional(map(object({ time_zone = string, working = map(string), holidays = optional(list(string), []) })), {})
    idle         = optional(object({ cpu_percent = number, network_bytes = number, hours = number, min_datapoints = number, min_uptime_hours = number }))
    veto_minutes = optional(number, 60)
    limits       = object({ max_count = number, max_gib = number, max_percent = number })
    prices       = map(string)
    other_types  = optional(map(list(string)), {})
    opt_out_tag  = optional(string, "keep-until")
    owner_tag    = optional(string, "owner")
    rates        = optional(map(object({ burst = number, per_second = number })), {})
  })

  validation {
    condition     = alltrue([for calendar in values(var.settings.calendars) : can(regex("^(UTC|[A-Z][A-Za-z]+(/[A-Z][A-Za-z0-9_+-]+){1,2})$", calendar.time_zone))])
    error_message = "`time_zone` of each of `settings.calendars` must be a name of the IANA database such as `Europe/Berlin`, not an offset or a letter."
  }

  validation {
    condition = alltrue(flatten([
      for calendar in values(var.settings.calendars) : [
        for days in keys(calendar.working) : can(regex("^(${local.day}(-${local.day})?)(,${local.day}(-${local.day})?)*$", days))
      ]
    ]))
    error_message = "Keys of `working` in `settings.calendars` must be days in English, such as `mon-fri` or `sat,sun`."
  }

  validation {
    condition = alltrue(flatten([
      for calendar in values(var.settings.calendars) : [
        for hours in values(calendar.working) : can(regex("^${local.time}-(${local.time}|24:00)(,${local.time}-(${local.time}|24:00))*$", hours))
      ]
    ]))
    error_message = "Values of `working` in `settings.calendars` must be hours such as `07:00-19:00` or `07:00-12:00,13:00-19:00`; 24:00 is midnight."
  }

  validation {
    condition = alltrue(flatten([
      for calendar in values(var.settings.calendars) : [
        for day in calendar.holidays : can(regex("^[0-9]{4}-[0-9]{2}-[0-9]{2}$", day)) && can(formatdate("DD", "${day}T00:00:00Z"))
      ]
    ]))
    error_message = "`holidays` in `settings.calendars` must be days that exist, such as `2026-12-25`."
  }

  # CloudWatch keeps values of an hour for 455 days; a few may always be missing.
  validation {
    condition = alltrue([
      for idle in var.settings.idle[*] : idle.cpu_percent > 0 && idle.cpu_percent <= 100 && idle.network_bytes >= 0 && idle.hours >= 1 && idle.hours <= 720
      && idle.min_datapoints >= 1 && idle.min_datapoints <= idle.hours && idle.min_uptime_hours >= 0
    ])
    error_message = "`settings.idle` must have `cpu_percent` of 0 to 100, 1 to 720 `hours`, and `min_datapoints` from 1 to that: what is not measured is not idle."
  }

  validation {
    condition     = var.settings.veto_minutes >= 0 && floor(var.settings.veto_minutes) == var.settings.veto_minutes
    error_message = "`settings.veto_minutes` must be a whole number from 0 on, and no less than the schedule's interval, or warnings come late."
  }

  validation {
    condition     = alltrue([for type, others in var.settings.other_types : length(others) > 0 && !contains(others, type)])
    error_message = "`settings.other_types` must list, for each type, at least one other."
  }
}

variable "volume_key_arns" {
  description = "Customer keys of volumes beside the foundation's, in this region: without them, instances with such volumes cannot be started."
  type        = set(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for arn in var.volume_key_arns : startswith(arn, "arn:${var.foundation.partition}:kms:${var.foundation.region}:")])
    error_message = "`volume_key_arns` must be ARNs of keys in this region: an alias or an id cannot be granted."
  }
}
