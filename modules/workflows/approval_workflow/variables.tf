# What an environment decides about its approvals.
variable "policy" {
  description = "Who may have which hosts, for how long and at which price, and who decides; the functions read it at run time. Nobody decides on a request of their own, so an approver who asks needs `approvals.needed` others. Of a deployment, the pipeline names the approvers among `people` and how many are needed; the time to decide is the same. `principal` is whom API Gateway and CodeCommit see: a user's, a role's or an assumed role's ARN."
  nullable    = false

  type = object({
    people           = map(object({ email = string, principal = string }))
    instance_types   = list(object({ type = string, usd_per_hour = string }))
    image_parameters = list(string)
    cost_centres     = list(string)
    max_hours        = number
    max_price_usd    = string
    approvals        = object({ needed = number, from = list(string) })
    deadline_seconds = number
    reminders        = optional(number, 3)
    warning_seconds  = optional(number, 3600)
  })

  validation {
    condition     = alltrue([for name in keys(var.policy.people) : can(regex("^[a-z][a-z0-9_.-]{0,63}$", name)) && name != "requesters"])
    error_message = "Names in `policy.people` must be at most 64 lower-case letters, digits, dots, hyphens and underscores, a letter first, and none `requesters`, who are those without a name."
  }

  validation {
    condition     = alltrue([for person in values(var.policy.people) : can(regex("^[^@\\s]+@[^@\\s]+$", person.email))])
    error_message = "`policy.people` holds something that is no e-mail address: write them like `ada@example.com`."
  }

  validation {
    condition = alltrue([for person in values(var.policy.people) : can(regex(
      "^arn:[^:]+:(iam::[0-9]{12}:(root|user/.+|role/.+)|sts::[0-9]{12}:assumed-role/.+/.+)$", person.principal
    ))])
    error_message = "`principal` of a person must be the ARN of a user, a role or an assumed role, such as `arn:aws:iam::000000000000:user/ada`."
  }

  validation {
    condition     = length(distinct(values(var.policy.people)[*].principal)) == length(var.policy.people)
    error_message = "Two of `policy.people` have one `principal`: nobody could tell who of them decided."
  }

  validation {
    condition     = length(setsubtract(var.policy.approvals.from, keys(var.policy.people))) == 0
    error_message = "`policy.approvals.from` names ${join(", ", setsubtract(var.policy.approvals.from, keys(var.policy.people)))}, who is not in `policy.people`: nobody could write to them."
  }

  validation {
    condition     = contains(range(1, length(distinct(var.policy.approvals.from)) + 1), var.policy.approvals.needed)
    error_message = "`policy.approvals.needed` must be a whole number from 1 to the number of people in `policy.approvals.from`."
  }

  validation {
    condition     = length(var.policy.instance_types) > 0 && length(distinct(var.policy.instance_types[*].type)) == length(var.policy.instance_types)
    error_message = "`policy.instance_types` must list at least one type, and each once."
  }

  validation {
    condition     = alltrue([for each in concat(var.policy.instance_types[*].usd_per_hour, [var.policy.max_price_usd]) : can(regex("^[0-9]{1,6}([.][0-9]{1,6})?$", each))])
    error_message = "`usd_per_hour` and `policy.max_price_usd` must be decimals in quotes with at most six digits on either side of the point, like \"0.0104\"."
  }

  validation {
    condition     = anytrue([for each in var.policy.instance_types : try(tonumber(each.usd_per_hour) <= tonumber(var.policy.max_price_usd), true)])
    error_message = "An hour of every one of `policy.instance_types` costs more than `policy.max_price_usd`: no request could be valid."
  }

  validation {
    condition     = length(var.policy.image_parameters) > 0 && alltrue([for path in var.policy.image_parameters : can(regex("^/[A-Za-z0-9_./-]+$", path))])
    error_message = "`policy.image_parameters` must list at least one parameter that holds an image's id, such as `/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64`."
  }

  validation {
    condition     = length(var.policy.cost_centres) > 0 && alltrue([for name in var.policy.cost_centres : trimspace(name) == name && length(name) >= 1 && length(name) <= 64])
    error_message = "`policy.cost_centres` must list at least one, each of 1 to 64 characters without spaces around them."
  }

  validation {
    condition     = var.policy.max_hours >= 1 && floor(var.policy.max_hours) == var.policy.max_hours
    error_message = "`policy.max_hours` must be a whole number from 1 on."
  }

  # Each reminder waits twice as long as the one before, in whole seconds.
  validation {
    condition     = contains(range(0, 11), var.policy.reminders) && floor(var.policy.deadline_seconds) == var.policy.deadline_seconds && var.policy.deadline_seconds >= pow(2, var.policy.reminders + 1) - 1
    error_message = "`policy.reminders` must be a whole number from 0 to 10, and `policy.deadline_seconds` a whole number with room for them: 2 to the power of reminders + 1, or more."
  }

  validation {
    condition     = var.policy.warning_seconds >= 0 && var.policy.warning_seconds < var.policy.max_hours * 3600 && floor(var.policy.warning_seconds) == var.policy.warning_seconds
    error_message = "`policy.warning_seconds` must be a whole number from 0 on, and less than `policy.max_hours`: nobody is warned before the start."
  }

  # The machine waits for the decision and then for the end; a day is for all between.
  validation {
    condition     = var.policy.deadline_seconds + var.policy.max_hours * 3600 + 86400 <= 31536000
    error_message = "`policy.deadline_seconds` and `policy.max_hours` add up to more than 364 days: an execution lasts a year at most."
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
    api_url_format           = optional(string)
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
  description = "How many calls the API takes in a second and at once, how much memory functions have, and after how many days the key that signs links is replaced."
  default     = {}
  nullable    = false

  type = object({
    requests_per_second = optional(number, 10)
    burst               = optional(number, 20)
    memory_mb           = optional(number, 256)
    link_key_days       = optional(number, 90)
  })

  # A key verifies until the rotation after the next; a link must not outlive it.
  validation {
    condition     = contains(range(1, 91), var.limits.link_key_days) && var.limits.link_key_days * 86400 >= var.policy.deadline_seconds
    error_message = "`limits.link_key_days` must be a whole number from 1 to 90, and no less than `policy.deadline_seconds`: a link would lose its key while it is valid."
  }
}

variable "network" {
  description = "Where hosts run; null for the subnets of the account's default VPC. A host has no public address, so it needs a way out (endpoints of Systems Manager, or NAT) before anybody can open a session, and the default VPC has none."
  default     = null

  type = object({
    vpc_id     = string
    subnet_ids = list(string)
  })

  validation {
    condition     = alltrue([for network in var.network[*] : startswith(network.vpc_id, "vpc-") && length(network.subnet_ids) > 0 && alltrue([for id in network.subnet_ids : startswith(id, "subnet-")])])
    error_message = "`network` must name a VPC by its id (`vpc-…`) and at least one subnet of it (`subnet-…`); leave it out for the default VPC."
  }
}
