# Whose topic it is, and who hears of what.
variable "name" {
  description = "What the topic is about, in snake_case; its AWS name has the foundation's name before it, with hyphens."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9]*(_[a-z0-9]+)*$", var.name))
    error_message = "`name` must be snake_case: lower-case letters, digits and single underscores."
  }
}

variable "foundation" {
  description = "The output of `modules/foundation`."
  nullable    = false

  type = object({
    name        = string
    kms_key_arn = string
  })
}

variable "recipients" {
  description = "E-mail addresses that hear of what is for them: by the value of a message's attribute `recipient`."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for address in values(var.recipients) : can(regex("^[^@\\s]+@[^@\\s]+$", address))])
    error_message = "`recipients` holds something that is no e-mail address: write them like `team@example.com`."
  }
}

variable "subscriber_emails" {
  description = "E-mail addresses that hear of everything; each has to confirm its subscription once."
  type        = set(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for address in var.subscriber_emails : can(regex("^[^@\\s]+@[^@\\s]+$", address))])
    error_message = "`subscriber_emails` holds something that is no e-mail address: write them like `team@example.com`."
  }
}
