# What the function reads at run time: rules that anybody may see, and addresses that nobody may.
resource "aws_ssm_parameter" "settings" {
  #checkov:skip=CKV2_AWS_34:Settings are names, routes and numbers; the addresses are in the secret.
  name        = "/${var.foundation.name}/notifications/settings"
  description = "What is told where, and how often."
  type        = "String"
  tier        = "Intelligent-Tiering" # routes may outgrow the 4 KB of the standard tier
  value       = jsonencode(var.settings)
}

# Slack and Microsoft make the addresses, and people put them here, unless a function of their own can ask for new ones. Whoever
# knows one can post.
module "webhooks" {
  source = "../../rotating_secret"

  name         = "notifications_webhooks"
  description  = "The addresses of the channels' webhooks, as JSON by the channels' names."
  foundation   = var.foundation
  max_age_days = var.webhooks.max_age_days
  runbook      = "Make new addresses in Slack and Teams and put them into the secret, then remove the old ones there."

  rotation = one([for issuer in var.webhooks.issuer_arn[*] : {
    package     = "rotating_secret"
    handler     = "rotating_secret.handlers.rotate_webhooks.handler"
    days        = var.webhooks.days
    environment = merge(local.web, { ISSUER_ARN = issuer })
    permissions = { AskTheIssuer = { actions = ["lambda:InvokeFunction"], resources = [issuer] } }

    calls_internet = true # a new address is tried before it counts
  }])
}
