# When somebody has to look: builds that nobody waits for have failed.
resource "aws_cloudwatch_metric_alarm" "failed_builds" {
  for_each = { for alarms in var.alarms[*] : "failed-builds" => alarms }

  alarm_name          = "${local.project_name}-${each.key}"
  alarm_description   = "A build of ${local.project_name} failed. ${each.value.runbook}"
  namespace           = "AWS/CodeBuild"
  metric_name         = "FailedBuilds"
  dimensions          = { ProjectName = local.project_name }
  statistic           = "Sum"
  comparison_operator = "GreaterThanOrEqualToThreshold"
  threshold           = 1
  period              = 60
  evaluation_periods  = 1
  treat_missing_data  = "notBreaching"
  alarm_actions       = [var.foundation.alarm_topic_arn]
  ok_actions          = [var.foundation.alarm_topic_arn]
}
