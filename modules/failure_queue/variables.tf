# Whose failures wait, and who puts them there.
variable "name" {
  description = "The queue's name in AWS, with the foundation's name before it."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[A-Za-z0-9_-]{1,80}$", var.name))
    error_message = "`name` must be the name of a standard queue: at most 80 letters, digits, hyphens and underscores."
  }
}

variable "foundation" {
  description = "The output of `modules/foundation`."
  nullable    = false

  type = object({
    account_id  = string
    partition   = string
    region      = string
    kms_key_arn = string
  })
}

variable "sender" {
  description = "The one who may send: a role by its ARN, or EventBridge on behalf of a rule by the rule's ARN."
  nullable    = false

  type = object({
    role_arn = optional(string)
    rule_arn = optional(string)
  })

  validation {
    condition     = (var.sender.role_arn == null) != (var.sender.rule_arn == null)
    error_message = "`sender` must have either `role_arn` or `rule_arn`."
  }
}
