# Which branch goes where, and what stops it on its way: data that a run reads once, when it begins.
locals {
  settings_name = "/${var.foundation.name}/gitops_pipeline/settings"
}

resource "aws_ssm_parameter" "settings" {
  #checkov:skip=CKV2_AWS_34:Settings are branches, names and thresholds; there is nothing secret in them.
  name        = local.settings_name
  description = "The rules of ${local.workflow}."
  type        = "String"
  tier        = "Intelligent-Tiering" # they may outgrow the 4 KB of the standard tier
  value       = jsonencode(var.settings)
}
