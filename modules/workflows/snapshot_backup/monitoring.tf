# One light, the saved questions, the traces and the dashboard of all that the workflow is made of.
module "monitoring" {
  source = "../../monitoring"

  name       = "snapshot_backup"
  foundation = var.foundation
  blocks = concat(
    values(module.step)[*].monitoring,
    values(module.schedule)[*].monitoring,
    [module.state_machine.monitoring],
    [{ alarms = { for alarm in values(aws_cloudwatch_metric_alarm.this) : alarm.alarm_name => alarm.arn } }],
  )
}
