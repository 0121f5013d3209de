# The plan, the ledger, the rules, and whom to tell.
locals {
  workflow = "${var.foundation.name}-idle-resources"
}

module "store" {
  source = "../../operations_store"

  name       = "idle_resources"
  foundation = var.foundation
  recipients = var.recipients
  settings   = jsonencode(var.settings)
}
