# One light for the whole workflow. It tells nobody: each alarm below it does, with its own sentence, and those that fire while the
# light is on already would not be heard of. It is what dashboards, people and programs look at.
locals {
  alarms   = merge(var.blocks[*].alarms...)
  workflow = "${var.foundation.name}-${replace(var.name, "_", "-")}"
}

resource "aws_cloudwatch_composite_alarm" "this" {
  alarm_name        = local.workflow
  alarm_description = "Something in ${local.workflow} needs a look. Open the alarm to see which of those below it are on, and do what their descriptions say."
  alarm_rule        = join(" OR ", [for name in sort(keys(local.alarms)) : "ALARM(\"${name}\")"])
}
