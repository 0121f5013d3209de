# One bucket for a file's whole way: incoming, runs, reports, quarantine.
locals {
  workflow = "${var.foundation.name}-etl-pipeline"
}

module "bucket" {
  source = "../../bucket"

  foundation        = var.foundation
  name              = "etl_pipeline"
  eventbridge       = true
  expirations       = { runs = var.retention.runs_days }
  old_versions_days = var.retention.old_versions_days
}
