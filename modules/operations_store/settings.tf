# The rules that a run keeps to: data, read once when it begins.
locals {
  settings_name = "/${var.foundation.name}/${var.name}/settings"
}

resource "aws_ssm_parameter" "settings" {
  #checkov:skip=CKV2_AWS_34:Settings are days, limits and prices; there is nothing secret in them.
  name        = local.settings_name
  description = "The rules of ${local.workflow}."
  type        = "String"
  tier        = "Intelligent-Tiering" # they may outgrow the 4 KB of the standard tier
  value       = var.settings
}
