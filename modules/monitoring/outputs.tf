# What the environment's overview shows of the workflow: one light, and one line a topic.
output "monitoring" {
  description = "What the overview, a `modules/dashboard` without a name, shows of the workflow."
  value = {
    alarms = { (aws_cloudwatch_composite_alarm.this.alarm_name) = aws_cloudwatch_composite_alarm.this.arn }
    series = [for each in flatten(var.blocks[*].series) : merge(each, { label = var.name })]
  }
}
