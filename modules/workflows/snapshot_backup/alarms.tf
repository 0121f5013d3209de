# When somebody has to look although the machine did its work. Each alarm stands until a later run says otherwise.
locals {
  alarms = {
    promises_broken = {
      happened  = "Volumes have no good snapshot as young as their policy promises."
      runbook   = "Read in the last run's report which volumes and why; mend it, then start the machine by hand."
      metric    = "BrokenPromises"
      statistic = "Maximum"
      above     = 1
      seconds   = 60
      missing   = "ignore"
    }
    nobody_looked = {
      happened  = "No backup run has looked at the promises for ${var.silent_hours} hours."
      runbook   = "See whether the schedule is enabled and how the last execution ended, then start the machine by hand."
      metric    = "BrokenPromises"
      statistic = "SampleCount"
      below     = 1
      seconds   = 3600
      periods   = var.silent_hours
      missing   = "breaching"
    }
    items_failed = {
      happened  = "Snapshots could not be made, copied or deleted."
      runbook   = "Read in the last run's report which and why; the next run tries again."
      metric    = "FailedItems"
      statistic = "Maximum"
      above     = 1
      seconds   = 60
      missing   = "ignore"
    }
    drill_failed = {
      happened  = "A backup could not be restored."
      runbook   = "Read the drill's message, mend it today, then start the machine with {\"task\": \"drill\"}."
      metric    = "RestoreDrillPassed"
      statistic = "Minimum"
      below     = 1
      seconds   = 60
      missing   = "ignore"
    }
  }
}

resource "aws_cloudwatch_metric_alarm" "this" {
  for_each = local.alarms

  alarm_name          = "${local.workflow}-${replace(each.key, "_", "-")}"
  alarm_description   = "${each.value.happened} ${each.value.runbook}"
  namespace           = var.foundation.name
  metric_name         = each.value.metric
  dimensions          = { service = "snapshot_backup" }
  statistic           = each.value.statistic
  comparison_operator = can(each.value.below) ? "LessThanThreshold" : "GreaterThanOrEqualToThreshold"
  threshold           = try(each.value.below, each.value.above)
  period              = each.value.seconds
  evaluation_periods  = try(each.value.periods, 1)
  treat_missing_data  = each.value.missing
  alarm_actions       = [var.foundation.alarm_topic_arn]
  ok_actions          = [var.foundation.alarm_topic_arn]
}
