# The secret that signs approvers' links.
module "link_key" {
  source = "../../rotating_secret"

  name         = "approval_workflow_link_key"
  description  = "Signs the links that approvers decide by."
  foundation   = var.foundation
  max_age_days = var.limits.link_key_days + 7 # a rotation that failed is tried again for a week before anybody is called
  runbook      = "Read the function's log and mend it; links go on being signed with the key before, and the rotation is tried again the next day."

  # A link outlives the rotation after it, not the one after that.
  rotation = {
    package = "approval_workflow"
    handler = "approval_workflow.handlers.rotate_link_key.handler"
    days    = var.limits.link_key_days
  }
}
