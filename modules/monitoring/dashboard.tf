# The workflow's own dashboard, where the environment pays for one.
module "dashboard" {
  source   = "../dashboard"
  for_each = toset([for dashboards in [var.foundation.dashboards] : var.name if dashboards == "workflows"])

  name       = each.value
  foundation = var.foundation
  parts      = var.blocks
}
