# What was planned and what came of it: plans for a while, reports for as long as nobody removes them.
locals {
  workflow = "${var.foundation.name}-${replace(var.name, "_", "-")}"
}

module "bucket" {
  source = "../bucket"

  foundation        = var.foundation
  name              = var.name
  expirations       = { plans = var.retention.plans_days }
  old_versions_days = var.retention.old_versions_days
}
