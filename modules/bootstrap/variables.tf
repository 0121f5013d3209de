# Which environment of which repository this account is for.
variable "name" {
  description = "The foundation's `name` in this environment; the apply role may manage what starts with it."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9]*(-[a-z0-9]+)*$", var.name)) && length(var.name) <= 20
    error_message = "`name` starts bucket names: use at most 20 lower-case letters, digits and single hyphens."
  }
}

variable "environment" {
  description = "Value of the tag `Environment`; also the name of the protected GitHub environment whose jobs may apply."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]*$", var.environment)) && var.environment != "default"
    error_message = "`environment` must name one of your environments; with workspaces, run `terraform workspace select -or-create dev` first."
  }
}

variable "old_states_days" {
  description = "How long old versions of the state are kept, in days; the last 20 are always kept."
  type        = number
  default     = 365
  nullable    = false

  validation {
    condition     = var.old_states_days >= 30
    error_message = "`old_states_days` below 30 would lose the state before anybody misses it: use 30 or more."
  }
}

variable "pipeline" {
  description = "The foundation's `name` where the GitOps pipeline runs that deploys, in this account; null for `name`: it deploys what it is part of."
  type        = string
  default     = null

  validation {
    condition     = var.pipeline == null || can(regex("^[a-z][a-z0-9]*(-[a-z0-9]+)*$", var.pipeline))
    error_message = "`pipeline` must be the foundation's name, without wildcards: whose builds it names can deploy."
  }
}

variable "repository" {
  description = "The GitHub repository whose workflows deploy, as `owner/name`; null for none."
  type        = string
  default     = null

  validation {
    condition     = var.repository == null || can(regex("^[A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+$", var.repository))
    error_message = "`repository` must be written as `owner/name`, without wildcards: whoever it names can deploy."
  }
}
