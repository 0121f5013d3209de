# What makes one network differ from another.
variable "name" {
  description = "The foundation's `name` whose functions run here; what the network consists of is named after it."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9]*(-[a-z0-9]+)*$", var.name)) && length(var.name) <= 20
    error_message = "`name` must be a foundation's: at most 20 lower-case letters, digits and single hyphens."
  }
}

variable "cidr_block" {
  description = "The network's addresses; each zone gets a sixteenth of them. Nothing outside knows them, so two networks may have the same."
  type        = string
  default     = "10.0.0.0/16"
  nullable    = false

  # https://docs.aws.amazon.com/vpc/latest/userguide/vpc-cidr-blocks.html
  validation {
    condition     = can(cidrsubnet(var.cidr_block, 4, 0)) && can(regex("^[0-9.]+/(1[6-9]|2[0-2])$", var.cidr_block))
    error_message = "`cidr_block` must be a block of IPv4 addresses from /16 to /22, such as `10.0.0.0/16`: each zone needs 64 of them at least."
  }
}

variable "log_retention_days" {
  description = "How long it is known who talked to whom, in days; CloudWatch knows certain numbers only."
  type        = number
  default     = 365
  nullable    = false

  validation {
    condition     = contains(local.log_retentions, var.log_retention_days)
    error_message = "CloudWatch keeps logs for one of these numbers of days: ${join(", ", local.log_retentions)}."
  }
}

variable "services" {
  description = "What functions may call beside S3 and DynamoDB, by the prefixes of actions in IAM; each costs by the hour and zone. Null for all that the functions of this repository call."
  type        = set(string)
  default     = null

  validation {
    condition     = length(setsubtract(coalesce(var.services, []), local.services)) == 0
    error_message = "`services` must be some of ${join(", ", local.services)}: S3 and DynamoDB are always there, and for another one add its endpoint to endpoints.tf."
  }
}

variable "zones" {
  description = "Availability zones by name, and which sixteenth of the addresses each has, from 0 to 15: to add or remove one moves no other."
  type        = map(number)
  nullable    = false

  validation {
    condition     = length(var.zones) >= 2
    error_message = "`zones` must be two at least: functions must go on when one of them fails."
  }

  validation {
    condition     = alltrue([for part in values(var.zones) : contains(range(16), part)]) && length(distinct(values(var.zones))) == length(var.zones)
    error_message = "Each of `zones` needs a sixteenth of its own, a whole number from 0 to 15."
  }
}

locals {
  # https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html
  log_retentions = [
    1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
  ]
}
