# What an environment decides about its ETL pipeline.
variable "contracts" {
  description = "What each dataset's files must look like, by dataset; the functions read it at run time."
  nullable    = false

  type = map(object({
    key                  = list(string)
    missing              = optional(list(string), [""])
    max_rejected_percent = optional(number, 0)

    columns = map(object({
      type       = string
      required   = optional(bool, false)
      format     = optional(string)
      max_length = optional(number, 4096)
    }))
  }))

  validation {
    condition     = alltrue([for dataset in keys(var.contracts) : can(regex("^[a-z][a-z0-9_]{0,63}$", dataset))])
    error_message = "A dataset's name is a folder under incoming/: use at most 64 lower-case letters, digits and underscores, a letter first."
  }

  validation {
    condition     = !contains(keys(var.contracts), "unknown")
    error_message = "No dataset may be named `unknown`: so the run ledger and the quarantine call uploads without a dataset."
  }

  validation {
    condition     = alltrue([for contract in values(var.contracts) : length(contract.key) > 0])
    error_message = "`key` of a contract is empty: name the columns that tell one record from another."
  }

  validation {
    condition = alltrue(flatten([for contract in values(var.contracts) : [
      for column in contract.key : try(contract.columns[column].required, false)
    ]]))
    error_message = "`key` of a contract must name columns that are listed in `columns` with `required = true`."
  }

  validation {
    condition = alltrue(flatten([for contract in values(var.contracts) : [
      for column in values(contract.columns) : contains(local.column_types, column.type)
    ]]))
    error_message = "A column's `type` must be one of ${join(", ", local.column_types)}."
  }

  validation {
    condition = alltrue(flatten([for contract in values(var.contracts) : [
      for column in values(contract.columns) : column.format == null || contains(["date", "timestamp"], column.type)
    ]]))
    error_message = "`format` is for columns of type date or timestamp: take it out of the others."
  }

  validation {
    condition = alltrue(flatten([for contract in values(var.contracts) : [
      for name in keys(contract.columns) : name != "" && name == trimspace(name) && name != "record_key"
    ]]))
    error_message = "A column's name must not begin or end in a space, be empty, or be `record_key`, the name of the table's key."
  }

  validation {
    condition = alltrue(flatten([for contract in values(var.contracts) : [
      for column in values(contract.columns) : column.max_length >= 1 && floor(column.max_length) == column.max_length
    ]]))
    error_message = "`max_length` of a column counts bytes: give a whole number from 1 on, or leave it out."
  }

  validation {
    condition = alltrue([
      for contract in values(var.contracts) : contract.max_rejected_percent >= 0 && contract.max_rejected_percent <= 100
    ])
    error_message = "`max_rejected_percent` of a contract must lie between 0 and 100."
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

variable "limits" {
  description = "How large a file may be once decompressed, how it is cut, and how much works on it at a time."
  default     = {}
  nullable    = false

  type = object({
    chunk_bytes      = optional(number, 1048576)
    max_concurrency  = optional(number, 10)
    max_object_bytes = optional(number, 1073741824)
    memory_mb        = optional(number, 256)
  })

  validation {
    condition     = var.limits.chunk_bytes >= 4096 && var.limits.chunk_bytes <= 67108864
    error_message = "`limits.chunk_bytes` must lie between 4 KiB (4096) and 64 MiB (67108864)."
  }

  validation {
    condition     = var.limits.max_concurrency >= 1 && var.limits.max_concurrency <= 1000
    error_message = "`limits.max_concurrency` must lie between 1 and 1000."
  }

  validation {
    condition     = var.limits.max_object_bytes >= var.limits.chunk_bytes
    error_message = "`limits.max_object_bytes` must be at least `limits.chunk_bytes`."
  }

  # A file is cut into 10,000 chunks at most; a function needs 64 times a chunk's bytes: its text, values and records.
  validation {
    condition     = max(var.limits.chunk_bytes, var.limits.max_object_bytes / 10000) <= var.limits.memory_mb * 16384
    error_message = "`limits.memory_mb` cannot hold a chunk: ${var.limits.memory_mb} MB take `chunk_bytes` up to ${var.limits.memory_mb * 16384}, and `max_object_bytes` up to 10,000 times that."
  }
}

variable "retention" {
  description = "How long working files of runs, and old versions of every object, are kept, in days."
  default     = {}
  nullable    = false

  type = object({
    runs_days         = optional(number, 7)
    old_versions_days = optional(number, 30)
  })

  validation {
    condition     = var.retention.runs_days >= 1 && var.retention.old_versions_days >= 1
    error_message = "`retention` must be at least one day each."
  }
}

variable "subscriber_emails" {
  description = "E-mail addresses that hear how every run ended; each has to confirm its subscription once."
  type        = set(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for address in var.subscriber_emails : can(regex("^[^@\\s]+@[^@\\s]+$", address))])
    error_message = "`subscriber_emails` holds something that is no e-mail address: write them like `team@example.com`."
  }
}

locals {
  column_types = ["boolean", "date", "decimal", "integer", "string", "timestamp"]
}
