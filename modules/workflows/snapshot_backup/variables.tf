# What an environment promises about its volumes.
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
  description = "How much memory functions have; those that plan hold all volumes and snapshots at once."
  type        = number
  default     = 512
  nullable    = false
}

variable "recipients" {
  description = "Who hears of what is theirs: e-mail addresses by the value of the owner tag; `operators` are told of runs, failures, and what has no owner."
  type        = map(string)
  nullable    = false
}

variable "schedules" {
  description = "When backups are made and when restoring is tried, as `modules/schedule` takes it, in the settings' time zone: a backup each night and a drill each month."
  nullable    = false

  type = object({
    backup = object({ expression = string, flexible_minutes = optional(number, 0) })
    drill  = object({ expression = string, flexible_minutes = optional(number, 0) })
  })
}

variable "settings" {
  description = "What a run keeps to. `dry_run` plans and reports, and touches nothing. A volume or an instance asks for a backup by the tag `backup` with a policy's name: how many days, weeks and months keep a snapshot, and how old the newest may be. `limits` are about deletions. Copies go to `copy_region` under `copy_kms_key`; empty for none. `prices` are US dollars a GiB and month, of `snapshot`."
  nullable    = false

  type = object({
    dry_run      = optional(bool, true)
    time_zone    = optional(string, "UTC")
    policies     = map(object({ daily = optional(number, 0), weekly = optional(number, 0), monthly = optional(number, 0), rpo_hours = number }))
    limits       = object({ max_count = number, max_gib = number, max_percent = number })
    prices       = map(string)
    copy_region  = optional(string, "")
    copy_kms_key = optional(string, "")
    workers      = optional(number, 4)
  })

  validation {
    condition     = length(var.settings.policies) > 0 && !contains(keys(var.settings.policies), "none")
    error_message = "`settings.policies` must have at least one policy, and none named `none`: that tag takes a volume out of its instance's backup."
  }

  validation {
    condition = alltrue([
      for policy in values(var.settings.policies) : policy.daily + policy.weekly + policy.monthly > 0 && alltrue([
        for number in [policy.daily, policy.weekly, policy.monthly] : number >= 0 && floor(number) == number
      ])
    ])
    error_message = "Each of `settings.policies` must keep at least one generation: whole numbers of `daily`, `weekly` and `monthly`, not all 0."
  }

  validation {
    condition     = alltrue([for policy in values(var.settings.policies) : policy.rpo_hours >= 1 && floor(policy.rpo_hours) == policy.rpo_hours])
    error_message = "`rpo_hours` of each of `settings.policies` must be a whole number from 1 on: a bit more than the schedule's interval, whose day may have 25 hours."
  }

  validation {
    condition     = var.settings.copy_region != var.foundation.region && can(regex("^([a-z]+(-[a-z]+)+-[0-9]+)?$", var.settings.copy_region))
    error_message = "`settings.copy_region` must be another region than the volumes' own, such as `eu-central-1`, or empty for no copies."
  }

  validation {
    condition     = var.settings.copy_kms_key == "" || (var.settings.copy_region != "" && startswith(var.settings.copy_kms_key, "arn:${var.foundation.partition}:kms:${var.settings.copy_region}:"))
    error_message = "`settings.copy_kms_key` must be the ARN of a key in `settings.copy_region`; leave it out for EBS's default key there."
  }
}

variable "silent_hours" {
  description = "After how many hours without a backup run an alarm tells: a bit more than the schedule's interval, whose day may have 25 hours."
  type        = number
  default     = 28
  nullable    = false

  validation {
    condition     = contains(range(1, 169), var.silent_hours)
    error_message = "`silent_hours` must be a whole number from 1 to 168: CloudWatch looks back a week at most."
  }
}

variable "volume_key_arns" {
  description = "Customer keys of volumes beside the foundation's, in this region: without them, encrypted snapshots can be neither copied nor restored."
  type        = set(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for arn in var.volume_key_arns : startswith(arn, "arn:${var.foundation.partition}:kms:${var.foundation.region}:")])
    error_message = "`volume_key_arns` must be ARNs of keys in this region: an alias or an id cannot be granted."
  }
}
