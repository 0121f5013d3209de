# What makes one function differ from another.
variable "name" {
  description = "The function's name in snake_case; its AWS name has the foundation's name before it, with hyphens."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9]*(_[a-z0-9]+)*$", var.name))
    error_message = "`name` must be snake_case: lower-case letters, digits and single underscores."
  }

  validation {
    condition     = length("${var.foundation.name}-${var.name}") <= 64
    error_message = "With the foundation's name, `name` has more than the 64 characters of a function or a role: shorten it."
  }
}

variable "alarms" {
  description = "When somebody is called, and the runbook sentence that tells them what to do."
  nullable    = false

  type = object({
    runbook          = string
    errors           = optional(number, 1)
    throttles        = optional(number, 1)
    duration_percent = optional(number, 90)
  })

  validation {
    condition     = can(regex("^\\S+( \\S+){3,}\\.$", trimspace(var.alarms.runbook)))
    error_message = "`alarms.runbook` must be a sentence that says what to do, with a full stop at its end."
  }

  validation {
    condition     = var.alarms.errors >= 1 && var.alarms.throttles >= 1
    error_message = "`alarms.errors` and `alarms.throttles` count events a minute: use 1 or more, or the alarm never rests."
  }

  validation {
    condition     = var.alarms.duration_percent > 0 && var.alarms.duration_percent < 100
    error_message = "`alarms.duration_percent` is a share of the timeout: use a number between 0 and 100."
  }
}

variable "asynchronous" {
  description = "How long and how often Lambda tries an asynchronous call before it goes to the failure queue."
  default     = {}
  nullable    = false

  type = object({
    max_event_age_seconds = optional(number, 3600)
    max_retries           = optional(number, 2)
  })

  validation {
    condition     = var.asynchronous.max_event_age_seconds >= 60 && var.asynchronous.max_event_age_seconds <= 21600
    error_message = "`asynchronous.max_event_age_seconds` must lie between 60 and 21600."
  }

  validation {
    condition     = contains([0, 1, 2], var.asynchronous.max_retries)
    error_message = "`asynchronous.max_retries` must be 0, 1 or 2."
  }
}

variable "calls_internet" {
  description = "Whether the code calls what no endpoint of this region leads to, such as a chat or another region: then it runs in the foundation's network only if that leads to the internet."
  type        = bool
  default     = false
  nullable    = false
}

variable "concurrency" {
  description = "Instances reserved for the function, kept warm behind the alias, or started from a snapshot."
  default     = {}
  nullable    = false

  type = object({
    reserved    = optional(number)
    provisioned = optional(number)
    snap_start  = optional(bool, false)
  })

  validation {
    condition     = alltrue([for reserved in var.concurrency.reserved[*] : reserved >= 1])
    error_message = "`concurrency.reserved` below 1 would stop the function: leave it out, or reserve 1 or more."
  }

  validation {
    condition     = alltrue([for provisioned in var.concurrency.provisioned[*] : provisioned >= 1])
    error_message = "`concurrency.provisioned` below 1 keeps nothing warm: leave it out, or provision 1 or more."
  }

  validation {
    condition     = alltrue([for reserved in var.concurrency.reserved[*] : coalesce(var.concurrency.provisioned, 0) <= reserved])
    error_message = "`concurrency.provisioned` exceeds `concurrency.reserved`: reserve at least as many as you provision."
  }

  validation {
    condition     = !(var.concurrency.snap_start && var.concurrency.provisioned != null)
    error_message = "Lambda offers SnapStart or provisioned concurrency, not both: drop one of them from `concurrency`."
  }

  validation {
    condition     = !(var.concurrency.snap_start && var.limits.ephemeral_storage_mb > 512)
    error_message = "SnapStart allows 512 MB of ephemeral storage: lower `limits.ephemeral_storage_mb` or drop `snap_start`."
  }
}

variable "description" {
  description = "One sentence that says what the function does."
  type        = string
  nullable    = false

  validation {
    condition     = endswith(var.description, ".") && length(var.description) <= 256
    error_message = "`description` must be a sentence of at most 256 characters, with a full stop at its end."
  }
}

variable "environment" {
  description = "The function's environment variables; those for Powertools and for the reader of parameters are added."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for key in keys(var.environment) : can(regex("^[A-Z][A-Z0-9_]*$", key))])
    error_message = "Names in `environment` must be capitals, digits and underscores, like `RECORDS_TABLE`."
  }

  validation {
    condition     = !anytrue([for key in keys(var.environment) : can(regex("^(AWS|CONFIGURATION|LAMBDA|POWERTOOLS)_", key))])
    error_message = "Lambda reserves AWS_ and LAMBDA_, this module sets CONFIGURATION_ and POWERTOOLS_: choose other names in `environment`."
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
    log_retention_days       = number
    network                  = optional(object({ subnet_ids = set(string), security_group_ids = set(string), internet = optional(bool, false) }))
    configuration_seconds    = optional(number, 60)
    permissions_boundary_arn = optional(string)
  })
}

variable "handler" {
  description = "Where the handler is, as a Python path: `package.module.function`."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z_][a-z0-9_]*(\\.[a-z_][a-z0-9_]*)+$", var.handler))
    error_message = "`handler` must be a Python path like `etl_pipeline.handlers.load_chunk.handler`."
  }
}

variable "layers" {
  description = "Version ARNs of layers beside the foundation's, for instance one for OpenTelemetry."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = length(var.layers) + length(var.foundation.layer_arns) <= 5
    error_message = "Lambda takes five layers, the foundation's included: merge some of `layers`."
  }
}

variable "limits" {
  description = "What one invocation may use; processor power grows with memory."
  default     = {}
  nullable    = false

  type = object({
    memory_mb            = optional(number, 512)
    timeout_seconds      = optional(number, 30)
    ephemeral_storage_mb = optional(number, 512)
  })

  validation {
    condition     = var.limits.memory_mb >= 128 && var.limits.memory_mb <= 10240
    error_message = "`limits.memory_mb` must lie between 128 and 10240."
  }

  validation {
    condition     = var.limits.timeout_seconds >= 1 && var.limits.timeout_seconds <= 900
    error_message = "`limits.timeout_seconds` must lie between 1 and 900: split longer work with a state machine."
  }

  validation {
    condition     = var.limits.ephemeral_storage_mb >= 512 && var.limits.ephemeral_storage_mb <= 10240
    error_message = "`limits.ephemeral_storage_mb` must lie between 512 and 10240."
  }
}

variable "package" {
  description = "Name of the zip without `.zip`, which is also the workflow's folder in `lambda_src`."
  type        = string
  nullable    = false

  validation {
    condition     = contains(keys(var.foundation.packages), var.package)
    error_message = "There is no ${var.package}.zip among the foundation's artifacts: run `make package` first."
  }
}

variable "permissions" {
  description = "What the code may do, by statement id: a verb phrase such as `ReadContracts`."
  default     = {}
  nullable    = false

  type = map(object({
    actions   = list(string)
    resources = list(string)
    conditions = optional(list(object({
      test     = string
      variable = string
      values   = list(string)
    })), [])
  }))

  validation {
    condition     = alltrue([for sid in keys(var.permissions) : can(regex("^[A-Z][A-Za-z0-9]+$", sid))])
    error_message = "Keys of `permissions` become statement ids: write PascalCase verb phrases such as `ReadContracts`."
  }

  validation {
    condition     = alltrue([for sid in keys(var.permissions) : !contains(keys(merge(local.own_permissions, local.network_permissions)), sid)])
    error_message = "`permissions` uses an id this module needs: rename ${join(", ", keys(merge(local.own_permissions, local.network_permissions)))}."
  }

  validation {
    condition     = alltrue(flatten([for permission in values(var.permissions) : [for action in permission.actions : can(regex("^[a-z0-9-]+:[A-Za-z0-9]+$", action))]]))
    error_message = "`permissions` must name each action as `service:Action`, without wildcards."
  }

  validation {
    condition = !anytrue([
      for permission in values(var.permissions) :
      anytrue([for resource in permission.resources : resource == "*"]) && !alltrue([
        for action in permission.actions : contains(local.actions_without_resource_level, action)
      ])
    ])
    error_message = "`permissions` grants an action on \"*\": name its resources. If IAM knows no resource level for it, add it to `actions_without_resource_level` in modules/lambda_function/role.tf."
  }
}
