# Alarms, dashboards, saved queries and groups of traces: what a plan reads of them, and what an apply may do with them. Policies of
# their own, as those beside them are as long as IAM allows.
locals {
  alarms       = "${local.arn.cloudwatch}:alarm:${var.name}-*"
  trace_groups = "${local.arn.xray}:group/${var.name}-*"

  # Dashboards belong to an account as a whole; the overview has the environment's own name.
  dashboards = [for name in [var.name, "${var.name}-*"] : "arn:${local.partition}:cloudwatch::${local.account_id}:dashboard/${name}"]

  # A composite alarm is made and seen only by who may make and see any; a saved query has no resource level.
  # https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutCompositeAlarm.html
  monitoring = {
    read = {
      ReadAlarmTags   = { actions = ["cloudwatch:ListTagsForResource"], resources = [local.alarms] }
      ReadDashboards  = { actions = ["cloudwatch:GetDashboard"], resources = local.dashboards }
      ReadTraceGroups = { actions = ["xray:GetGroup", "xray:ListTagsForResource"], resources = [local.trace_groups] }
      ReadAlarms      = { actions = ["cloudwatch:DescribeAlarms", "logs:DescribeQueryDefinitions"], resources = ["*"] }
    }

    manage = {
      ManageAlarms = {
        actions   = ["cloudwatch:DeleteAlarms", "cloudwatch:PutMetricAlarm", "cloudwatch:TagResource", "cloudwatch:UntagResource"]
        resources = [local.alarms]
      }

      ManageDashboards = { actions = ["cloudwatch:DeleteDashboards", "cloudwatch:PutDashboard"], resources = local.dashboards }

      ManageTraceGroups = {
        actions   = ["xray:CreateGroup", "xray:DeleteGroup", "xray:TagResource", "xray:UntagResource", "xray:UpdateGroup"]
        resources = [local.trace_groups]
      }

      ManageQueriesAndLights = {
        actions   = ["cloudwatch:PutCompositeAlarm", "logs:DeleteQueryDefinition", "logs:PutQueryDefinition"]
        resources = ["*"]
      }
    }
  }

  # Whoever applies plans as well.
  monitoring_of = { plan-read = ["plan", "read"], apply-read = ["apply", "read"], apply-manage = ["apply", "manage"] }
}

resource "aws_iam_policy" "monitoring" {
  for_each = local.monitoring

  name        = "deploy-${var.name}-${each.key}-monitoring" # not by the prefix that the apply role may manage
  description = "What watches ${var.name}: ${each.key}."
  policy      = data.aws_iam_policy_document.monitoring[each.key].json
}

resource "aws_iam_role_policy_attachment" "monitoring" {
  for_each = local.monitoring_of

  role       = aws_iam_role.deploy[each.value[0]].name
  policy_arn = aws_iam_policy.monitoring[each.value[1]].arn
}

data "aws_iam_policy_document" "monitoring" {
  for_each = local.monitoring

  dynamic "statement" {
    for_each = each.value

    content {
      sid       = statement.key
      actions   = statement.value.actions
      resources = statement.value.resources
    }
  }
}
