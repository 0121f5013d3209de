# What an environment decides once for all of its workflows.
variable "name" {
  description = "Prefix of every resource's name, such as `workflows-dev`."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9]*(-[a-z0-9]+)*$", var.name)) && length(var.name) <= 20
    error_message = "`name` starts bucket names: use at most 20 lower-case letters, digits and single hyphens."
  }
}

variable "alarm_emails" {
  description = "E-mail addresses that hear of every alarm; each has to confirm its subscription once."
  type        = set(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for address in var.alarm_emails : can(regex("^[^@\\s]+@[^@\\s]+$", address))])
    error_message = "`alarm_emails` holds something that is no e-mail address: write them like `team@example.com`."
  }
}

variable "api_url_format" {
  description = "Where APIs are called, with `%s` for an API's id and another for its stage; null for AWS's own addresses."
  type        = string
  default     = null

  validation {
    condition     = var.api_url_format == null || can(regex("^https?://[^%]*%s[^%]*%s[^%/]*$", var.api_url_format))
    error_message = "`api_url_format` must be an address with two `%s` and no slash at its end, such as `https://apis.example.com/%s/%s`."
  }
}

variable "architecture" {
  description = "Processor of every function, and the one the layer is built for: `arm64` costs a fifth less."
  type        = string
  default     = "arm64"
  nullable    = false

  validation {
    condition     = contains(["arm64", "x86_64"], var.architecture)
    error_message = "`architecture` must be `arm64` or `x86_64`."
  }
}

variable "artifacts" {
  description = "Directory with the zips that `make package` builds."
  type        = string
  nullable    = false

  validation {
    condition     = fileexists("${var.artifacts}/layer_${var.architecture}.zip")
    error_message = "There is no ${var.artifacts}/layer_${var.architecture}.zip: run `make package` first."
  }
}

variable "canary" {
  description = "Whether a pipeline, and no longer Terraform, moves the aliases of functions to new versions: then an apply by hand deploys no code. To change it later makes each alias anew, and calls fail for that moment."
  type        = bool
  default     = false
  nullable    = false
}

variable "configuration_seconds" {
  description = "For how many seconds functions keep what they read from Parameter Store: within this time a change takes effect, without a deployment. What begins a run of an operations workflow is read anew in any case."
  type        = number
  default     = 60
  nullable    = false

  validation {
    condition     = contains(range(0, 301), var.configuration_seconds)
    error_message = "`configuration_seconds` must be a whole number from 0 to 300: a change that is waited for longer is a deployment."
  }
}

variable "dashboards" {
  description = "Which CloudWatch dashboards there are, at USD 3 a month each beyond the account's first three: `overview` for the environment's alone, `workflows` for one of each workflow as well."
  type        = string
  default     = "overview"
  nullable    = false

  validation {
    condition     = contains(["overview", "workflows"], var.dashboards)
    error_message = "`dashboards` must be `overview` or `workflows`."
  }
}

variable "deletion_protection" {
  description = "Whether stored data outlives `terraform destroy`: tables refuse deletion, buckets must be emptied first."
  type        = bool
  default     = true
  nullable    = false
}

variable "log_retention_days" {
  description = "How long logs are kept, in days; CloudWatch knows certain numbers only."
  type        = number
  default     = 365
  nullable    = false

  validation {
    condition     = contains(local.log_retentions, var.log_retention_days)
    error_message = "CloudWatch keeps logs for one of these numbers of days: ${join(", ", local.log_retentions)}."
  }
}

variable "network" {
  description = "The subnets and security groups of a VPC that every function runs in; null for none, which costs less. `internet` says that it leads there: without, functions that call the internet stay outside."
  default     = null

  type = object({
    subnet_ids         = set(string)
    security_group_ids = set(string)
    internet           = optional(bool, false)
  })

  validation {
    condition     = alltrue([for network in var.network[*] : length(network.subnet_ids) > 0 && alltrue([for id in network.subnet_ids : startswith(id, "subnet-")])])
    error_message = "`network.subnet_ids` must name at least one subnet by its id (`subnet-…`); to run without a VPC, leave `network` out."
  }

  # https://docs.aws.amazon.com/lambda/latest/api/API_VpcConfig.html
  validation {
    condition     = alltrue([for network in var.network[*] : contains(range(1, 6), length(network.security_group_ids)) && alltrue([for id in network.security_group_ids : startswith(id, "sg-")])])
    error_message = "`network.security_group_ids` must name one to five security groups by their ids (`sg-…`); to run without a VPC, leave `network` out."
  }
}

variable "permissions_boundary" {
  description = "Name of the IAM policy that bounds every role, as `environments/bootstrap` makes it; null for none."
  type        = string
  default     = null
}

variable "runtime" {
  description = "Python of every function: the one that `make package` builds for."
  type        = string
  default     = "python3.13"
  nullable    = false

  validation {
    condition     = var.runtime == "python3.13"
    error_message = "`runtime` must be `python3.13`: the layer's libraries are chosen and compiled for it, and another Python may not load them."
  }
}

locals {
  # https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html
  log_retentions = [
    1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
  ]
}
