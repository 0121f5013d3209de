# Who may have which hosts, and who decides: data that the functions read at run time.
locals {
  policy_parameter = "/${var.foundation.name}/approval_workflow/policy"
}

resource "aws_ssm_parameter" "policy" {
  name        = local.policy_parameter
  description = "Who may have which hosts, for how long, and who decides."
  type        = "SecureString" # people, their addresses and their principals: whose account is worth having
  key_id      = var.foundation.kms_key_arn
  tier        = "Intelligent-Tiering" # a policy may outgrow the 4 KB of the standard tier
  value       = jsonencode(var.policy)
}

check "approvers_may_ask_too" {
  assert {
    condition     = var.policy.approvals.needed < length(var.policy.approvals.from)
    error_message = "Nobody decides on a request of their own: as long as `approvals.needed` takes every one of `approvals.from`, requests of these people are invalid."
  }
}
