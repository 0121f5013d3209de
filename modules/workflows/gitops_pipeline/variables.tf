# What an environment decides about what is deployed by a push.
variable "repository" {
  description = "The repository whose pushes are deployed; its AWS name has the foundation's name before it. With `github`, pushes to that repository (`owner/name`) are copied into it, through a connection of AWS CodeConnections."
  nullable    = false

  type = object({
    name   = string
    github = optional(object({ repository = string, connection_arn = string }))
  })

  validation {
    condition     = can(regex("^[a-z][a-z0-9]*(-[a-z0-9]+)*$", var.repository.name)) && length("${var.foundation.name}-${var.repository.name}") <= 100
    error_message = "`repository.name` must be lower-case letters, digits and single hyphens, of at most 100 characters with the foundation's name."
  }
}

variable "approvals" {
  description = "The output `decisions` of the approval workflow: the functions that ask people, who they are, and how long they have."
  nullable    = false

  type = object({
    open_decision    = string
    ask_approvers    = string
    close_request    = string
    deadline_seconds = number
    people           = list(string)
  })

  # All the rest of a run takes two days at most.
  validation {
    condition     = var.approvals.deadline_seconds + 172800 <= local.machine.TimeoutSeconds
    error_message = "People have ${var.approvals.deadline_seconds} seconds to decide, and a run takes ${local.machine.TimeoutSeconds} at most: shorten `deadline_seconds` of the approval workflow's policy to ${local.machine.TimeoutSeconds - 172800}."
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
    configuration_seconds    = optional(number, 60)
    dashboards               = optional(string, "overview")
    log_retention_days       = number
    network                  = optional(object({ subnet_ids = set(string), security_group_ids = set(string), internet = optional(bool, false) }))
    access_log_bucket        = string
    deletion_protection      = bool
    permissions_boundary_arn = optional(string)
  })
}

variable "limits" {
  description = "How long builds may run, and wait for their turn; how large their machine is (`small`, `medium` or `large`); and how much memory functions have."
  default     = {}
  nullable    = false

  type = object({
    scan_minutes       = optional(number, 15)
    build_minutes      = optional(number, 15)
    plan_minutes       = optional(number, 15)
    apply_minutes      = optional(number, 45)
    smoke_test_minutes = optional(number, 10)
    queued_minutes     = optional(number, 15)
    compute            = optional(string, "small")
    memory_mb          = optional(number, 512)
  })

  # A task of the machine that ended before its build would leave it running.
  validation {
    condition     = max(var.limits.scan_minutes, var.limits.build_minutes, var.limits.plan_minutes, var.limits.apply_minutes, var.limits.smoke_test_minutes) + var.limits.queued_minutes < local.task_seconds / 60
    error_message = "The machine waits ${local.task_seconds / 60} minutes for a build: `limits.queued_minutes` and the minutes of each kind of build must stay below that together."
  }

  # A role that became a role stays so for an hour, whatever its own limit says.
  # https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles.html#iam-term-role-chaining
  validation {
    condition     = var.limits.plan_minutes <= 60 && var.limits.apply_minutes <= 60
    error_message = "`limits.plan_minutes` and `limits.apply_minutes` must not exceed 60: the deploy roles' credentials last for an hour."
  }
}

variable "retention" {
  description = "How long runs' plans and findings, their artifacts, reports of how they ended, and old versions of every object are kept, in days."
  default     = {}
  nullable    = false

  type = object({
    runs_days         = optional(number, 90)
    artifacts_days    = optional(number, 90)
    reports_days      = optional(number, 400)
    old_versions_days = optional(number, 30)
  })

  validation {
    condition     = min(var.retention.runs_days, var.retention.artifacts_days) * 86400 >= local.machine.TimeoutSeconds
    error_message = "`retention.runs_days` and `retention.artifacts_days` must be ${ceil(local.machine.TimeoutSeconds / 86400)} or more: a run that waits for people would lose what it deploys."
  }
}

variable "settings" {
  description = "What a run goes by; the functions read it at run time. `branches` says where each branch is deployed, and a `protected` environment wants `needed` of `approvers`. A finding of its scan's threshold or worse stops a run. Each stage of the `canary` gives new versions so many percent of the calls for so many minutes. `lease_seconds` is for how long a step may keep the branch's lock."
  nullable    = false

  type = object({
    branches = map(object({
      environment = string
      protected   = optional(bool, true)
      approvers   = optional(list(string), [])
      needed      = optional(number, 1)
    }))
    thresholds    = map(string)
    lease_seconds = number
    canary        = optional(list(object({ percent = number, minutes = number })), [])
  })

  validation {
    condition     = length(var.settings.branches) > 0 && alltrue([for name in keys(var.settings.branches) : can(regex("^[A-Za-z0-9][A-Za-z0-9._-]*(/[A-Za-z0-9][A-Za-z0-9._-]*)*$", name))])
    error_message = "`settings.branches` must name at least one branch, by its name alone: `main`, not `refs/heads/main`, and no patterns."
  }

  validation {
    condition     = !anytrue([for name in keys(var.settings.branches) : startswith(name, "refs/")])
    error_message = "`settings.branches` are named without `refs/heads/`: it stands before them anyway."
  }

  validation {
    condition     = alltrue([for branch in values(var.settings.branches) : can(regex("^[a-z][a-z0-9-]*$", branch.environment))])
    error_message = "`environment` of a branch must be a folder of `environments/`: lower-case letters, digits and hyphens."
  }

  validation {
    condition     = length(distinct(values(var.settings.branches)[*].environment)) == length(var.settings.branches)
    error_message = "Two of `settings.branches` go to one environment: the later push of either would undo the other's."
  }

  validation {
    condition     = alltrue([for branch in values(var.settings.branches) : length(setsubtract(branch.approvers, var.approvals.people)) == 0])
    error_message = "`approvers` names ${join(", ", setsubtract(flatten(values(var.settings.branches)[*].approvers), var.approvals.people))}, whom the approval workflow's policy does not know: nobody could write to them."
  }

  validation {
    condition     = alltrue([for branch in values(var.settings.branches) : !branch.protected || contains(range(1, length(distinct(branch.approvers)) + 1), branch.needed)])
    error_message = "A protected branch must name `approvers`, and `needed` must be a whole number from 1 to how many they are."
  }

  validation {
    condition     = toset(keys(var.settings.thresholds)) == toset(local.scans)
    error_message = "`settings.thresholds` must name each scan, and no other: ${join(", ", local.scans)}."
  }

  validation {
    condition     = alltrue([for severity in values(var.settings.thresholds) : contains(["INFO", "LOW", "MEDIUM", "HIGH", "CRITICAL"], severity)])
    error_message = "`settings.thresholds` must be INFO, LOW, MEDIUM, HIGH or CRITICAL."
  }

  validation {
    condition     = alltrue([for index, stage in var.settings.canary : contains(range(1, 100), stage.percent) && stage.percent > (index == 0 ? 0 : var.settings.canary[max(index - 1, 0)].percent)])
    error_message = "`settings.canary` must rise, in whole percents from 1 to 99: all calls come last by themselves."
  }

  # A canary is looked at each minute, and an execution's history has room for a day of that.
  validation {
    condition     = alltrue([for stage in var.settings.canary : stage.minutes > 0]) && sum(concat([0], var.settings.canary[*].minutes)) <= 1440
    error_message = "`minutes` of each stage of `settings.canary` must be more than 0, and a day (1440) at most for all of them."
  }

  # Steps prolong the lease. Who waits for longer than that between two of them may lose the lock meanwhile.
  validation {
    condition = var.settings.lease_seconds == floor(var.settings.lease_seconds) && var.settings.lease_seconds >= local.slack_seconds + max(
      max(local.stretches...),
      local.seconds.plan + (anytrue(values(var.settings.branches)[*].protected) ? var.approvals.deadline_seconds : 0),
      max(concat([0], var.settings.canary[*].minutes)...) * 60,
    )
    error_message = "`settings.lease_seconds` must be a whole number: at least ${local.slack_seconds + max(local.stretches...)} for the builds, ${local.slack_seconds + local.seconds.plan + var.approvals.deadline_seconds} where people are asked, and ${local.slack_seconds} more than the longest stage of the canary."
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

variable "target" {
  description = "What is deployed: the name that all of it begins with (the foundation's name there), and the roles of this account that plan and apply it, as `modules/bootstrap` makes them."
  nullable    = false

  type = object({
    name           = string
    plan_role_arn  = string
    apply_role_arn = string
  })

  validation {
    condition     = can(regex("^[a-z][a-z0-9]*(-[a-z0-9]+)*$", var.target.name)) && length(var.target.name) <= 20
    error_message = "`target.name` must be a foundation's name, without a hyphen at its end: functions and alarms are found by it."
  }

  validation {
    condition     = alltrue([for arn in [var.target.plan_role_arn, var.target.apply_role_arn] : can(regex("^arn:[^:]+:iam::${var.foundation.account_id}:role/[^*]+$", arn))])
    error_message = "`target.plan_role_arn` and `target.apply_role_arn` must be roles of this account, `arn:aws:iam::${var.foundation.account_id}:role/…`."
  }

  validation {
    condition     = var.target.plan_role_arn != var.target.apply_role_arn
    error_message = "`target.plan_role_arn` and `target.apply_role_arn` are one role: then a plan could change what it looks at."
  }
}
