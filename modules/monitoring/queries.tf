# Questions that one asks of the logs when something is wrong, saved where Logs Insights lists them.
# https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_QuerySyntax.html
locals {
  queries = {
    errors_in_functions = {
      kind = "function"
      text = <<-QUERY
        fields @timestamp, service, message, exception_name, correlation_id, xray_trace_id, @log
        | filter level = "ERROR" or level = "CRITICAL"
        | sort @timestamp desc
        | limit 100
      QUERY
    }

    slowest_calls = {
      kind = "function"
      text = <<-QUERY
        fields @timestamp, record.metrics.durationMs, record.metrics.initDurationMs, record.metrics.maxMemoryUsedMB, record.requestId, @log
        | filter type = "platform.report"
        | sort record.metrics.durationMs desc
        | limit 50
      QUERY
    }

    cold_starts = {
      kind = "function"
      text = <<-QUERY
        filter type = "platform.report" and ispresent(record.metrics.initDurationMs)
        | stats count(*) as starts, avg(record.metrics.initDurationMs) as average_ms, max(record.metrics.initDurationMs) as longest_ms by @log
        | sort longest_ms desc
      QUERY
    }

    failures_in_executions = {
      kind = "machine"
      text = <<-QUERY
        fields @timestamp, type, details.error, details.cause, execution_arn, redrive_count
        | filter type like /Failed|TimedOut|Aborted/
        | sort @timestamp desc
        | limit 100
      QUERY
    }

    failed_calls = {
      kind = "api"
      text = <<-QUERY
        fields @timestamp, method, route, status, integration_status, error, request_id, trace_id
        | filter status >= 500
        | sort @timestamp desc
        | limit 100
      QUERY
    }

    output_of_builds = {
      kind = "build"
      text = <<-QUERY
        fields @timestamp, @logStream, @message
        | filter @message like /(?i)error|fail/
        | sort @timestamp desc
        | limit 200
      QUERY
    }
  }

  logs = { for kind in distinct(values(local.queries)[*].kind) : kind => sort(distinct([
    for log in flatten(var.blocks[*].logs) : log.name if log.kind == kind
  ])) }
  kinds = toset(flatten(var.blocks[*].logs)[*].kind)
}

resource "aws_cloudwatch_query_definition" "this" {
  for_each = { for name, query in local.queries : name => query if contains(local.kinds, query.kind) }

  name            = "${var.foundation.name}/${var.name}/${each.key}"
  log_group_names = local.logs[each.value.kind]
  query_string    = each.value.text
}
