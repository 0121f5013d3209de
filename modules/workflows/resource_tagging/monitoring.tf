# One light, the saved questions, the traces and the dashboard of all that the workflow is made of.
module "monitoring" {
  source = "../../monitoring"

  name       = "resource_tagging"
  foundation = var.foundation
  blocks = concat(
    values(module.function)[*].monitoring,
    [module.trigger.monitoring, module.schedule.monitoring],
    [{ alarms = { (aws_cloudwatch_metric_alarm.coverage.alarm_name) = aws_cloudwatch_metric_alarm.coverage.arn } }],
  )
}
