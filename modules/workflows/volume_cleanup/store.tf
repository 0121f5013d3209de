# The plan, the ledger, the rules, and whom to tell.
locals {
  workflow = "${var.foundation.name}-volume-cleanup"
}

module "store" {
  source = "../../operations_store"

  name       = "volume_cleanup"
  foundation = var.foundation
  recipients = var.recipients
  settings   = jsonencode(var.settings)
}
