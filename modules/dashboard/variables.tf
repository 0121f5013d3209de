# What one dashboard shows.
variable "name" {
  description = "The workflow's name in snake_case, which the dashboard has after the foundation's; null for the environment's overview."
  type        = string
  default     = null

  validation {
    condition     = can(regex("^[a-z][a-z0-9]*(_[a-z0-9]+)*$", coalesce(var.name, "overview")))
    error_message = "`name` must be snake_case: lower-case letters, digits and single underscores."
  }
}

variable "foundation" {
  description = "The output of `modules/foundation`."
  nullable    = false

  type = object({
    name   = string
    region = string
  })
}

variable "parts" {
  description = "What is shown: the `monitoring` of a workflow's blocks, or of an environment's workflows. What has the same topic and label becomes one line; a factor turns what was measured into the topic's unit."
  nullable    = false

  type = list(object({
    alarms = map(string)

    series = list(object({
      topic      = string
      label      = string
      part       = optional(string, "")
      namespace  = string
      metric     = string
      statistic  = string
      dimensions = map(string)
      factor     = optional(number, 1)
    }))
  }))

  validation {
    condition     = length(setsubtract(flatten(var.parts[*].series[*].topic), local.topics[*].name)) == 0
    error_message = "A topic of `parts` is not one of ${join(", ", local.topics[*].name)}."
  }

  # https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html
  validation {
    condition     = length(merge(var.parts[*].alarms...)) <= 100
    error_message = "`parts` has more than the 100 alarms that a widget shows: split the workflow."
  }
}
