# What makes one bucket differ from another.
variable "name" {
  description = "What the bucket is for, in snake_case; its AWS name is the foundation's name, this with hyphens, the account and the region."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9]*(_[a-z0-9]+)*$", var.name))
    error_message = "`name` must be snake_case: lower-case letters, digits and single underscores."
  }

  validation {
    condition     = length("${var.foundation.name}-${var.name}-${var.foundation.account_id}-${var.foundation.region}") <= 63
    error_message = "With the foundation's name, the account and the region, `name` has more than the 63 characters of a bucket: shorten it."
  }
}

variable "eventbridge" {
  description = "Whether EventBridge hears of what happens to objects."
  type        = bool
  default     = false
  nullable    = false
}

variable "expirations" {
  description = "After how many days objects expire, by the folder they lie in; what is in no folder of these stays."
  type        = map(number)
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for days in values(var.expirations) : days >= 1 && floor(days) == days])
    error_message = "`expirations` must be whole days, one or more."
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

variable "old_versions_days" {
  description = "How long a version of an object is kept once another has taken its place, in days."
  type        = number
  default     = 30
  nullable    = false

  validation {
    condition     = var.old_versions_days >= 1 && floor(var.old_versions_days) == var.old_versions_days
    error_message = "`old_versions_days` must be a whole number of days, one or more."
  }
}
