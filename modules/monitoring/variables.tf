# Which workflow is watched, and what it is made of.
variable "name" {
  description = "The workflow's name in snake_case; in AWS it has the foundation's name before it, with hyphens."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9]*(_[a-z0-9]+)*$", var.name))
    error_message = "`name` must be snake_case: lower-case letters, digits and single underscores."
  }
}

variable "blocks" {
  description = "The `monitoring` of each of the workflow's blocks; what only has alarms of the workflow's own needs only `alarms`."
  nullable    = false

  type = list(object({
    alarms   = map(string)
    logs     = optional(list(object({ kind = string, name = string })), [])
    services = optional(list(string), [])

    series = optional(list(object({
      topic      = string
      label      = string
      part       = optional(string, "")
      namespace  = string
      metric     = string
      statistic  = string
      dimensions = map(string)
      factor     = optional(number, 1)
    })), [])
  }))

  # https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutCompositeAlarm.html
  validation {
    condition     = length(merge(var.blocks[*].alarms...)) >= 1 && length(merge(var.blocks[*].alarms...)) <= 100
    error_message = "`blocks` must have from 1 to 100 alarms, which is what a composite alarm takes: split the workflow."
  }
}

variable "foundation" {
  description = "The output of `modules/foundation`."
  nullable    = false

  type = object({
    name       = string
    region     = string
    dashboards = optional(string, "overview")
  })
}
