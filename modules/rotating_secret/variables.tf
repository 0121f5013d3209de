# Which secret, who makes its values, and how old one may become.
variable "name" {
  description = "The secret's name in snake_case; in AWS it has the foundation's name before it, with hyphens, and its function `keep` between them."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9]*(_[a-z0-9]+)*$", var.name))
    error_message = "`name` must be snake_case: lower-case letters, digits and single underscores."
  }

  validation {
    condition     = length("${var.foundation.name}-${var.name}-age-schedule") <= 64
    error_message = "With the foundation's name and `-age-schedule`, `name` has more than the 64 characters of a role: shorten it."
  }
}

variable "description" {
  description = "One sentence that says what the secret is for."
  type        = string
  nullable    = false

  validation {
    condition     = endswith(var.description, ".") && length(var.description) <= 200
    error_message = "`description` must be a sentence of at most 200 characters, with a full stop at its end."
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
    runtime                  = string
    architecture             = string
    layer_arns               = list(string)
    packages                 = map(object({ bucket = string, key = string, hash = string }))
    canary                   = optional(bool, false)
    log_retention_days       = number
    network                  = optional(object({ subnet_ids = set(string), security_group_ids = set(string), internet = optional(bool, false) }))
    configuration_seconds    = optional(number, 60)
    deletion_protection      = bool
    permissions_boundary_arn = optional(string)
  })
}

variable "max_age_days" {
  description = "How old the current value may become, in days, before an alarm tells: longer than the rotation's period, as one that failed is tried again."
  type        = number
  nullable    = false

  validation {
    condition     = var.max_age_days >= 1 && floor(var.max_age_days) == var.max_age_days
    error_message = "`max_age_days` must be a whole number from 1 on."
  }

  validation {
    condition     = alltrue([for rotation in var.rotation[*] : var.max_age_days > rotation.days])
    error_message = "`max_age_days` must be more than `rotation.days`, or the alarm would not wait for the rotation."
  }
}

variable "rotation" {
  description = "What replaces the value, and after how many days: a handler that `shared/rotation` made, in a package, with its environment, what it may do besides keeping the secret, and whether it calls the internet. Null for a secret that people replace: then only the alarm tells them to."
  default     = null

  type = object({
    package        = string
    handler        = string
    days           = number
    environment    = optional(map(string), {})
    calls_internet = optional(bool, false)
    permissions = optional(map(object({
      actions   = list(string)
      resources = list(string)
      conditions = optional(list(object({
        test     = string
        variable = string
        values   = list(string)
      })), [])
    })), {})
  })

  # Longer than this no scanner lets a secret live.
  validation {
    condition     = alltrue([for rotation in var.rotation[*] : contains(range(1, 91), rotation.days)])
    error_message = "`rotation.days` must be a whole number from 1 to 90."
  }

  validation {
    condition     = alltrue([for rotation in var.rotation[*] : length(setintersection(keys(rotation.permissions), ["MeasureAge", "Rotate", "UseTheKeyForTheSecret"])) == 0])
    error_message = "`rotation.permissions` uses an id this module needs: rename MeasureAge, Rotate or UseTheKeyForTheSecret."
  }
}

variable "runbook" {
  description = "The sentence that tells what to do when the value is too old or the function fails."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^\\S+( \\S+){3,}\\.$", trimspace(var.runbook)))
    error_message = "`runbook` must be a sentence that says what to do, with a full stop at its end."
  }
}
