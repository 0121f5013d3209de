# What an environment decides about what is told, where, and how often.
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
    layer_arns               = list(string)
    packages                 = map(object({ bucket = string, key = string, hash = string }))
    canary                   = optional(bool, false)
    configuration_seconds    = optional(number, 60)
    dashboards               = optional(string, "overview")
    log_retention_days       = number
    network                  = optional(object({ subnet_ids = set(string), security_group_ids = set(string), internet = optional(bool, false) }))
    deletion_protection      = bool
    permissions_boundary_arn = optional(string)
  })
}

variable "events" {
  description = "Which events of the account are told, by name: `builds`, `costs`, `health`, `instances`, `machines`, `volumes`. Machines and builds are those of this environment only."
  type        = set(string)
  default     = ["builds", "costs", "health", "instances", "machines", "volumes"]
  nullable    = false

  validation {
    condition     = length(var.events) > 0 && length(setsubtract(var.events, ["builds", "costs", "health", "instances", "machines", "volumes"])) == 0
    error_message = "`events` must name at least one of `builds`, `costs`, `health`, `instances`, `machines` and `volumes`, and nothing else."
  }
}

variable "limits" {
  description = "How many functions tell at a time and how many messages each gets, how often and at what distance a message is tried, how long a post may take, and for how long settings and addresses are remembered: so late does a change take effect."
  default     = {}
  nullable    = false

  type = object({
    batch_size          = optional(number, 5)
    max_concurrency     = optional(number, 2)
    max_receive_count   = optional(number, 20)
    max_backoff_seconds = optional(number, 900)
    timeout_seconds     = optional(number, 60)
    post_seconds        = optional(number, 8)
    keep_seconds        = optional(number, 60)
    memory_mb           = optional(number, 256)
  })

  validation {
    condition     = var.limits.max_backoff_seconds >= 1 && var.limits.max_backoff_seconds <= 3600
    error_message = "`limits.max_backoff_seconds` must lie between 1 and 3600: nobody wants to hear of something hours after the channel is back."
  }

  validation {
    condition     = var.limits.post_seconds >= 1 && var.limits.timeout_seconds >= 2 * var.limits.post_seconds + 10
    error_message = "`limits.post_seconds` must be 1 or more, and `limits.timeout_seconds` twice that and 10 s more: a message may have two channels that are slow."
  }

  validation {
    condition     = var.limits.keep_seconds >= 1 && var.limits.keep_seconds <= 3600
    error_message = "`limits.keep_seconds` must lie between 1 and 3600."
  }
}

variable "settings" {
  description = "What the function reads at run time. `channels` are `slack` or `teams` by name; their addresses are in the secret under the same names. Of `routes`, the first that fits takes a notification (names may hold `*`, what is left out fits always), and on with `further` the next ones, too; no channels: nobody is told. What says the same within `duplicate_seconds` is told once; of more than `storm.limit` in `storm.seconds` on one route into one channel, the rest becomes one digest."
  nullable    = false

  type = object({
    channels          = map(string)
    owner_tag         = optional(string, "owner")
    duplicate_seconds = optional(number, 300)

    storm = optional(object({
      limit   = optional(number, 20)
      seconds = optional(number, 300)
    }), {})

    routes = list(object({
      name         = string
      channels     = list(string)
      min_severity = optional(string)
      sources      = optional(list(string))
      kinds        = optional(list(string))
      owners       = optional(list(string))
      further      = optional(bool)
    }))
  })

  validation {
    condition     = alltrue([for style in values(var.settings.channels) : contains(["slack", "teams"], style)])
    error_message = "`settings.channels` must say `slack` or `teams` of each channel."
  }

  validation {
    condition     = alltrue([for name in keys(var.settings.channels) : can(regex("^[A-Za-z0-9_.-]{1,64}$", name))])
    error_message = "Names of `settings.channels` have 1 to 64 letters, digits, dots, hyphens and underscores."
  }

  validation {
    condition     = alltrue([for route in var.settings.routes : length(setsubtract(route.channels, keys(var.settings.channels))) == 0])
    error_message = "`settings.routes` leads to a channel that is not among `settings.channels`."
  }

  validation {
    condition     = alltrue([for route in var.settings.routes : contains(["info", "warning", "error", "critical"], coalesce(route.min_severity, "info"))])
    error_message = "`min_severity` of a route must be `info`, `warning`, `error` or `critical`."
  }

  validation {
    condition     = length(distinct(var.settings.routes[*].name)) == length(var.settings.routes)
    error_message = "Each of `settings.routes` needs a name of its own: storms are counted by it."
  }

  validation {
    condition = try(alltrue([
      for last in [reverse(var.settings.routes)[0]] :
      coalesce(last.min_severity, "info") == "info" && length(concat(coalesce(last.sources, []), coalesce(last.kinds, []), coalesce(last.owners, []))) == 0 && !coalesce(last.further, false)
    ]), false)
    error_message = "The last of `settings.routes` must take everything, or notifications would get lost; give it no channels if nobody is to hear."
  }

  validation {
    condition     = var.settings.storm.limit >= 1 && var.settings.storm.seconds >= 1 && var.settings.storm.seconds <= 900
    error_message = "`settings.storm` needs a limit of 1 or more in 1 to 900 seconds: SQS keeps a digest's reminder no longer."
  }

  validation {
    condition     = var.settings.duplicate_seconds >= 0 && var.settings.duplicate_seconds <= 86400
    error_message = "`settings.duplicate_seconds` must lie between 0 and 86400."
  }
}

variable "topics" {
  description = "Topics that are listened to, by the name of who speaks there: their ARNs, and which kinds of their messages are left out. Leave out whatever holds a link that is one person's alone."
  nullable    = false

  type = map(object({
    arn           = string
    without_kinds = optional(set(string), [])
  }))

  validation {
    condition     = alltrue([for topic in values(var.topics) : can(regex("^arn:[^:]+:sns:[^:]*:[0-9]*:[^:]+$", topic.arn))])
    error_message = "`topics` must give the ARN of each topic."
  }
}

variable "web" {
  description = "Where posts may go: names of hosts, with `*` for a part of one. `loopback` allows plain HTTP to 127.0.0.1 as well, where tests and the demo listen."
  default     = {}
  nullable    = false

  # https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks/ and Workflows' old and new homes:
  # https://learn.microsoft.com/power-automate/
  type = object({
    hosts    = optional(set(string), ["hooks.slack.com", "*.logic.azure.com", "*.environment.api.powerplatform.com"])
    loopback = optional(bool, false)
  })

  validation {
    condition     = length(var.web.hosts) > 0 && alltrue([for host in var.web.hosts : can(regex("^([*][.])?[a-z0-9-]+([.][a-z0-9-]+)+$", host))])
    error_message = "`web.hosts` must be names of hosts in small letters such as `hooks.slack.com`, or `*.` and the rest of one."
  }
}

variable "webhooks" {
  description = "How old the channels' addresses may become, in days, before an alarm tells people to make new ones; or the function that issues new ones (see `modules/rotating_secret`), asked every `days`."
  default     = {}
  nullable    = false

  type = object({
    max_age_days = optional(number, 180)
    issuer_arn   = optional(string)
    days         = optional(number, 90)
  })

  validation {
    condition     = alltrue([for arn in var.webhooks.issuer_arn[*] : can(regex("^arn:[^:]+:lambda:[^:]+:[0-9]{12}:function:${var.foundation.name}-[^:]+:[^:]+$", arn))])
    error_message = "`webhooks.issuer_arn` must be the ARN of an alias or a version of a function whose name begins with the foundation's: the permissions boundary lets no other be called."
  }
}
