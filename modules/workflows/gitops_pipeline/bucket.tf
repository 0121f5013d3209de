# What runs hand on and leave behind: reports of scans, artifacts in versions, plans, and how each run ended.
module "bucket" {
  source = "../../bucket"

  foundation        = var.foundation
  name              = "gitops_pipeline"
  old_versions_days = var.retention.old_versions_days

  expirations = {
    artifacts = var.retention.artifacts_days
    reports   = var.retention.reports_days
    runs      = var.retention.runs_days
  }
}
