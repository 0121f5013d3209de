# One dashboard: the alarms' states, then a graph for each topic that something is measured of.
locals {
  # In the order in which they are shown: how lines are combined that have the same label, and what the numbers are.
  topics = [
    { name = "traffic", title = "Traffic", unit = "Calls, events, messages, executions", combine = "SUM", limit = null },
    { name = "errors", title = "Errors", unit = "Count", combine = "SUM", limit = null },
    { name = "duration", title = "Longest duration against its time-out", unit = "Percent of the time-out", combine = "MAX", limit = 100 },
    { name = "throttles", title = "Throttles", unit = "Count", combine = "SUM", limit = null },
    { name = "age", title = "Age of what waits in queues and streams", unit = "Seconds", combine = "MAX", limit = null },
    { name = "waiting", title = "What failed for good and waits for somebody", unit = "Messages", combine = "SUM", limit = null },
    { name = "executions", title = "How executions ended", unit = "Executions", combine = "SUM", limit = null },
    { name = "cost", title = "About what it costs", unit = "USD, list prices of us-east-1", combine = "SUM", limit = null },
  ]

  series = flatten(var.parts[*].series)

  # By topic and label; with several series to a line when it is an overview's.
  lines = { for topic in local.topics : topic.name => {
    for each in local.series : trimspace("${each.label} ${replace(each.part, "_", " ")}") => each... if each.topic == topic.name
  } }

  # Each metric, multiplied unless it is shown as it is; and each line's one, or what combines them. Rows are as JSON,
  # since Terraform has no lists of elements of several types. Ids: m metric, f with its factor, t together.
  rows = { for topic in local.topics : topic.name => flatten([
    for number, label in keys(local.lines[topic.name]) : concat(
      flatten([for index, each in local.lines[topic.name][label] : concat(
        [jsonencode(concat(
          [each.namespace, each.metric],
          flatten([for name, value in each.dimensions : [name, value]]),
          [{ id = "m${number}_${index}", stat = each.statistic, label = label, visible = each.factor == 1 && length(local.lines[topic.name][label]) == 1 }],
        ))],
        [for factor in [each.factor] : jsonencode([{
          expression = format("m%d_%d * %.12f", number, index, factor)
          id         = "f${number}_${index}"
          label      = label
          visible    = length(local.lines[topic.name][label]) == 1
        }]) if factor != 1],
      )]),
      [for group in [local.lines[topic.name][label]] : jsonencode([{
        expression = "${topic.combine}([${join(", ", [for index, each in group : "${each.factor == 1 ? "m" : "f"}${number}_${index}"])}])"
        id         = "t${number}"
        label      = label
      }]) if length(group) > 1],
    )
  ]) }

  shown = [for topic in local.topics : topic if length(local.rows[topic.name]) > 0]

  status = {
    type       = "alarm"
    x          = 0
    y          = 0
    width      = 24
    height     = 4
    properties = { title = "Alarms", alarms = sort(values(merge(var.parts[*].alarms...))) }
  }

  graphs = [for index, topic in local.shown : {
    type   = "metric"
    x      = 12 * (index % 2)
    y      = 4 + 6 * floor(index / 2)
    width  = 12
    height = 6

    properties = {
      title       = topic.title
      region      = var.foundation.region
      view        = "timeSeries"
      period      = 300
      metrics     = jsondecode("[${join(", ", local.rows[topic.name])}]")
      yAxis       = { left = { min = 0, label = topic.unit, showUnits = false } }
      annotations = { horizontal = [for limit in topic.limit[*] : { value = limit, label = "time-out" }] }
    }
  }]
}

resource "aws_cloudwatch_dashboard" "this" {
  dashboard_name = replace(join("-", concat([var.foundation.name], var.name[*])), "_", "-")
  dashboard_body = jsonencode({ widgets = concat([local.status], local.graphs) })
}
