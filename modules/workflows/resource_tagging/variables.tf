# What an environment decides about owners.
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
    permissions_boundary_arn = optional(string)
  })
}

variable "limits" {
  description = "How many calls are dealt with at a time (EC2 takes ten requests for tags a second; left out, nothing is reserved), and after how many hours with too few owners, or without counting, an alarm tells."
  default     = {}
  nullable    = false

  type = object({
    concurrency  = optional(number)
    silent_hours = optional(number, 3)
  })

  validation {
    condition     = contains(range(1, 169), var.limits.silent_hours)
    error_message = "`limits.silent_hours` must be a whole number from 1 to 168: CloudWatch looks back a week at most."
  }
}

variable "schedule" {
  description = "When the resources are counted, as `modules/schedule` takes it: no less often than every hour, which is what the alarm looks at."
  default     = { expression = "rate(1 hour)" }
  nullable    = false

  type = object({
    expression       = string
    time_zone        = optional(string, "UTC")
    flexible_minutes = optional(number, 0)
  })
}

variable "settings" {
  description = "`dry_run` finds owners and says so in the log, and tags nothing. The owner stands in `owner_tag`; how it was found and since when, in two more of that name with `-found-by` and `-since`. An alarm tells when less than `min_coverage_percent` of the resources have one."
  default     = {}
  nullable    = false

  type = object({
    dry_run              = optional(bool, true)
    owner_tag            = optional(string, "owner")
    min_coverage_percent = optional(number, 90)
  })

  validation {
    condition     = can(regex("^[A-Za-z0-9_.:/=+@-]{1,119}$", var.settings.owner_tag)) && !startswith(lower(var.settings.owner_tag), "aws:")
    error_message = "`settings.owner_tag` must be a key of a tag: 1 to 119 letters, digits and _.:/=+@-, and none of AWS's own."
  }

  validation {
    condition     = var.settings.min_coverage_percent > 0 && var.settings.min_coverage_percent <= 100
    error_message = "`settings.min_coverage_percent` must be a number above 0 and up to 100."
  }
}
