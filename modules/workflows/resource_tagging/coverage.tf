# How much has an owner: measured by the clock, so that a trail that is missing shows.
module "schedule" {
  source = "../../schedule"

  name        = "resource_tagging_coverage"
  description = "Counts the resources that have an owner."
  foundation  = var.foundation
  schedule    = var.schedule
  target      = { kind = "function", arn = module.function["measure_coverage"].arn }
  runbook     = "See in the queue why the function was not called and mend it; the next hour counts again."
}

resource "aws_cloudwatch_metric_alarm" "coverage" {
  alarm_name          = "${local.workflow}-coverage"
  alarm_description   = "Less than ${var.settings.min_coverage_percent} % of the resources have an owner, or nobody counts. See in measure_coverage's log which have none, and in tag_resources' why; tag older ones with `python -m scripts.backfill_tags`."
  namespace           = var.foundation.name
  metric_name         = "OwnerCoveragePercent"
  dimensions          = { service = "resource_tagging" }
  statistic           = "Minimum"
  comparison_operator = "LessThanThreshold"
  threshold           = var.settings.min_coverage_percent
  period              = 3600
  evaluation_periods  = var.limits.silent_hours
  treat_missing_data  = "breaching"
  alarm_actions       = [var.foundation.alarm_topic_arn]
  ok_actions          = [var.foundation.alarm_topic_arn]
}
