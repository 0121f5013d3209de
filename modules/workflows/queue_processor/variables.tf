# What an environment decides about its queue processor.
variable "prices" {
  description = "What each meter's usage costs, in graduated tiers; the functions read it at run time."
  nullable    = false

  type = map(object({
    currency    = string
    minor_units = optional(number, 2)

    tiers = list(object({
      up_to      = optional(number)
      unit_price = string
    }))
  }))

  validation {
    condition     = length(var.prices) > 0 && alltrue([for meter in keys(var.prices) : trimspace(meter) != ""])
    error_message = "`prices` must name at least one meter, and none by an empty name."
  }

  validation {
    condition     = alltrue([for price in values(var.prices) : can(regex("^[A-Z]{3}$", price.currency))])
    error_message = "`currency` of a price must be three capitals, such as `EUR`."
  }

  validation {
    condition     = alltrue([for price in values(var.prices) : contains(range(0, 5), price.minor_units)])
    error_message = "`minor_units` of a price is the number of decimals of its currency: use 0 to 4."
  }

  validation {
    condition     = alltrue([for price in values(var.prices) : length(price.tiers) > 0 && try(reverse(price.tiers)[0].up_to == null, false)])
    error_message = "The last of a price's `tiers` must be without `up_to`, or usage beyond it had no price."
  }

  validation {
    condition = alltrue(flatten([for price in values(var.prices) : [
      for number, tier in slice(price.tiers, 0, max(length(price.tiers) - 1, 0)) :
      try(tier.up_to > (number == 0 ? 0 : price.tiers[number - 1].up_to), false)
    ]]))
    error_message = "`up_to` of a price's `tiers` must rise from one to the next, from above 0, and only the last has none."
  }

  validation {
    condition = alltrue(flatten([for price in values(var.prices) : [
      for tier in price.tiers : can(regex("^[0-9]{1,9}([.][0-9]{1,9})?$", tier.unit_price))
    ]]))
    error_message = "`unit_price` must be a decimal in quotes with at most nine digits on either side of the point, like \"0.0008\"."
  }
}

variable "fifo" {
  description = "Whether messages keep their order within a group; this is decided once, as a queue cannot change its kind."
  type        = bool
  default     = false
  nullable    = false
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
    deletion_protection      = bool
    permissions_boundary_arn = optional(string)
  })
}

variable "limits" {
  description = "How many messages are worked on at a time, how long and how often each is tried."
  default     = {}
  nullable    = false

  type = object({
    batch_size          = optional(number, 10)
    window_seconds      = optional(number, 0)
    max_concurrency     = optional(number, 10)
    max_receive_count   = optional(number, 5)
    max_backoff_seconds = optional(number, 900)
    timeout_seconds     = optional(number, 30)
    memory_mb           = optional(number, 256)
  })

  validation {
    condition     = var.limits.max_backoff_seconds >= 1 && var.limits.max_backoff_seconds <= 43200
    error_message = "`limits.max_backoff_seconds` must lie between 1 and 43200, the longest that SQS hides a message."
  }

  validation {
    condition     = !var.fifo || (var.limits.batch_size <= 10 && var.limits.window_seconds == 0)
    error_message = "A FIFO queue gives batches of 10 at most and does not gather them: lower `limits.batch_size`, leave `limits.window_seconds` out."
  }
}

variable "retention" {
  description = "How long results are kept, and a repeated message is known by them, in days."
  default     = {}
  nullable    = false

  type = object({
    results_days = optional(number, 90)
  })

  validation {
    condition     = var.retention.results_days >= 14
    error_message = "`retention.results_days` must be 14 or more: a message may come back from the failure queue that late."
  }
}
