# What others need: where to call, and names to look things up by.
output "execution_arn" {
  description = "ARN that permissions to call routes begin with: `<this>/live/POST/requests`."
  value       = aws_api_gateway_rest_api.this.execution_arn
}

output "id" {
  description = "The API's id."
  value       = aws_api_gateway_rest_api.this.id
}

output "log_group_name" {
  description = "Name of the log group that holds the access log."
  value       = aws_cloudwatch_log_group.access.name
}

output "monitoring" {
  description = "What `modules/monitoring` watches and draws of the API."
  value = {
    alarms   = { for alarm in [aws_cloudwatch_metric_alarm.server_errors, aws_cloudwatch_metric_alarm.latency] : alarm.alarm_name => alarm.arn }
    logs     = [{ kind = "api", name = aws_cloudwatch_log_group.access.name }]
    services = ["${local.base_name}/${local.stage}"]

    series = [for each in local.drawn : merge(each, {
      label      = "${var.name}_api"
      namespace  = "AWS/ApiGateway"
      dimensions = local.dimensions
    })]
  }
}

output "stage" {
  description = "Name of the stage, the first part of every path."
  value       = aws_api_gateway_stage.live.stage_name
}

output "url" {
  description = "Where the API is called, without a slash at its end."
  value = (
    var.foundation.api_url_format == null
    ? aws_api_gateway_stage.live.invoke_url
    : format(coalesce(var.foundation.api_url_format, "%s/%s"), aws_api_gateway_rest_api.this.id, aws_api_gateway_stage.live.stage_name)
  )
}
