# The plan, the ledger, the rules, and whom to tell.
locals {
  workflow = "${var.foundation.name}-snapshot-backup"
}

module "store" {
  source = "../../operations_store"

  name       = "snapshot_backup"
  foundation = var.foundation
  recipients = var.recipients
  settings   = jsonencode(var.settings)
}
