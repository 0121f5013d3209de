# What usage costs: data that the function reads at run time.
locals {
  prices_parameter = "/${var.foundation.name}/queue_processor/prices"
}

resource "aws_ssm_parameter" "prices" {
  #checkov:skip=CKV2_AWS_34:Prices are what customers are told; there is nothing secret in them.
  name        = local.prices_parameter
  description = "What each meter's usage costs."
  type        = "String"
  tier        = "Intelligent-Tiering" # a price list may outgrow the 4 KB of the standard tier
  value       = jsonencode(var.prices)
}
