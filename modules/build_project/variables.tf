# What makes one project differ from another.
variable "name" {
  description = "The project's name in snake_case; its AWS name has the foundation's name before it, with hyphens."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9]*(_[a-z0-9]+)*$", var.name))
    error_message = "`name` must be snake_case: lower-case letters, digits and single underscores."
  }

  validation {
    condition     = length("${var.foundation.name}-${var.name}") <= 64
    error_message = "With the foundation's name, `name` has more than the 64 characters of a role: shorten it."
  }
}

variable "alarms" {
  description = "The runbook sentence for builds that fail; null where whoever starts the builds also judges how they end."
  default     = null

  type = object({
    runbook = string
  })

  validation {
    condition     = alltrue([for alarms in var.alarms[*] : can(regex("^\\S+( \\S+){3,}\\.$", trimspace(alarms.runbook)))])
    error_message = "`alarms.runbook` must be a sentence that says what to do, with a full stop at its end."
  }
}

variable "buildspec" {
  description = "Path of the build specification in the source: what is built says how."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[A-Za-z0-9_][A-Za-z0-9_./-]*\\.ya?ml$", var.buildspec)) && !strcontains(var.buildspec, "..")
    error_message = "`buildspec` must be the path of a YAML file in the source, such as `buildspecs/build.yml`."
  }
}

variable "description" {
  description = "One sentence that says what the builds do."
  type        = string
  nullable    = false

  validation {
    condition     = endswith(var.description, ".") && length(var.description) <= 255
    error_message = "`description` must be a sentence of at most 255 characters, with a full stop at its end."
  }
}

variable "environment" {
  description = "The builds' environment variables, which whoever sees the project can read: no secrets."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for key in keys(var.environment) : can(regex("^[A-Z][A-Z0-9_]*$", key))])
    error_message = "Names in `environment` must be capitals, digits and underscores, like `BUCKET`."
  }

  validation {
    condition     = !anytrue([for key in keys(var.environment) : can(regex("^(AWS|CODEBUILD)_", key))])
    error_message = "CodeBuild sets AWS_ and CODEBUILD_ itself: choose other names in `environment`."
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
    architecture             = string
    log_retention_days       = number
    permissions_boundary_arn = optional(string)
  })
}

variable "limits" {
  description = "How long a build may run and wait for its turn, how many may run at a time (null: as many as the account allows), and how large its machine is: `small`, `medium` or `large`."
  default     = {}
  nullable    = false

  type = object({
    timeout_minutes   = optional(number, 15)
    queued_minutes    = optional(number, 15)
    concurrent_builds = optional(number)
    compute           = optional(string, "small")
  })

  # https://docs.aws.amazon.com/codebuild/latest/APIReference/API_CreateProject.html
  validation {
    condition     = alltrue([for minutes in [var.limits.timeout_minutes, var.limits.queued_minutes] : minutes >= 5 && minutes <= 480 && floor(minutes) == minutes])
    error_message = "`limits.timeout_minutes` and `limits.queued_minutes` must be whole numbers from 5 to 480."
  }

  validation {
    condition     = alltrue([for builds in var.limits.concurrent_builds[*] : builds >= 1 && floor(builds) == builds])
    error_message = "`limits.concurrent_builds` must be a whole number from 1 on; leave it out for no limit of its own."
  }

  validation {
    condition     = contains(["small", "medium", "large"], var.limits.compute)
    error_message = "`limits.compute` must be `small`, `medium` or `large`."
  }
}

variable "permissions" {
  description = "What a build may do beside fetching its source and writing its logs, by statement id: a verb phrase such as `WriteReport`."
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
    error_message = "Keys of `permissions` become statement ids: write PascalCase verb phrases such as `WriteReport`."
  }

  validation {
    condition     = alltrue([for sid in keys(var.permissions) : !contains(keys(local.all_permissions), sid)])
    error_message = "`permissions` uses an id this module needs: rename ${join(", ", keys(local.all_permissions))}."
  }

  validation {
    condition     = alltrue(flatten([for permission in values(var.permissions) : [for action in permission.actions : can(regex("^[a-z0-9-]+:[A-Za-z0-9]+$", action))]]))
    error_message = "`permissions` must name each action as `service:Action`, without wildcards."
  }

  # A build runs what somebody pushed, so not even what IAM knows no resource for.
  validation {
    condition     = !contains(flatten(values(var.permissions)[*].resources), "*")
    error_message = "`permissions` grants an action on \"*\": name its resources."
  }
}

variable "source_of" {
  description = "Where the source is: a CodeCommit repository, or a GitHub repository (`owner/name`) through a connection."
  nullable    = false

  type = object({
    codecommit = optional(object({ arn = string, clone_url = string }))
    github     = optional(object({ repository = string, connection_arn = string }))
  })

  validation {
    condition     = length(concat(var.source_of.codecommit[*], var.source_of.github[*])) == 1
    error_message = "`source_of` must name one source: `codecommit` or `github`."
  }

  validation {
    condition     = alltrue([for github in var.source_of.github[*] : can(regex("^[A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+$", github.repository))])
    error_message = "`source_of.github.repository` must be written as `owner/name`."
  }

  validation {
    condition     = alltrue([for github in var.source_of.github[*] : can(regex("^arn:[^:]+:codeconnections:[^:]+:[0-9]{12}:connection/.+$", github.connection_arn))])
    error_message = "`source_of.github.connection_arn` must be the ARN of a connection of AWS CodeConnections, `arn:aws:codeconnections:…:connection/…`."
  }
}
