# What each dataset's files must look like: data that the functions read at run time.
locals {
  contracts_path = "/${var.foundation.name}/etl_pipeline/contracts"
}

resource "aws_ssm_parameter" "contract" {
  #checkov:skip=CKV2_AWS_34:A contract names columns and types; there is nothing secret in it.
  for_each = var.contracts

  name        = "${local.contracts_path}/${each.key}"
  description = "What a file of ${each.key} must look like."
  type        = "String"
  tier        = "Intelligent-Tiering" # a contract may outgrow the 4 KB of the standard tier
  value       = jsonencode(each.value)
}
