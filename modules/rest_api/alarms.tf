# When somebody has to look: too many calls fail, or they take nearly as long as API Gateway waits.
locals {
  dimensions = { ApiName = local.base_name, Stage = local.stage }
}

resource "aws_cloudwatch_metric_alarm" "server_errors" {
  alarm_name          = "${local.base_name}-server-errors"
  alarm_description   = "${var.alarms.server_error_percent} % or more of the calls of ${local.base_name} failed through our fault. ${var.alarms.runbook}"
  comparison_operator = "GreaterThanOrEqualToThreshold"
  threshold           = var.alarms.server_error_percent
  evaluation_periods  = 1
  treat_missing_data  = "notBreaching"
  alarm_actions       = [var.foundation.alarm_topic_arn]
  ok_actions          = [var.foundation.alarm_topic_arn]

  metric_query {
    id          = "share"
    label       = "Failed calls in percent"
    expression  = "100 * errors / calls"
    return_data = true
  }

  dynamic "metric_query" {
    for_each = { errors = { metric = "5XXError", statistic = "Sum" }, calls = { metric = "Count", statistic = "SampleCount" } }

    content {
      id = metric_query.key

      metric {
        namespace   = "AWS/ApiGateway"
        metric_name = metric_query.value.metric
        dimensions  = local.dimensions
        stat        = metric_query.value.statistic
        period      = 60
      }
    }
  }
}

resource "aws_cloudwatch_metric_alarm" "latency" {
  alarm_name          = "${local.base_name}-latency"
  alarm_description   = "The slowest calls of ${local.base_name} took ${var.alarms.latency_percent} % or more of the ${local.integration_limit_ms / 1000} s that API Gateway waits. ${var.alarms.runbook}"
  namespace           = "AWS/ApiGateway"
  metric_name         = "Latency"
  dimensions          = local.dimensions
  extended_statistic  = "p99"
  comparison_operator = "GreaterThanOrEqualToThreshold"
  threshold           = local.integration_limit_ms * var.alarms.latency_percent / 100
  period              = 60
  evaluation_periods  = 1
  treat_missing_data  = "notBreaching"
  alarm_actions       = [var.foundation.alarm_topic_arn]
  ok_actions          = [var.foundation.alarm_topic_arn]
}
