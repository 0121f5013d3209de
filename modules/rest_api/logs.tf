# Who called which route and what came of it, one JSON object a line. The route and not the path: a path may hold a secret.
# https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-variables-for-access-logging.html
locals {
  access_log = {
    caller              = "$context.identity.userArn"
    error               = "$context.error.responseType"
    integration_latency = "$context.integration.latency"
    integration_status  = "$context.integration.integrationStatus"
    latency             = "$context.responseLatency"
    method              = "$context.httpMethod"
    request_id          = "$context.requestId"
    route               = "$context.resourcePath"
    source_ip           = "$context.identity.sourceIp"
    status              = "$context.status"
    time                = "$context.requestTimeEpoch"
    trace_id            = "$context.xrayTraceId"
  }
}

# API Gateway writes to it as the role that the account's settings name: see modules/bootstrap.
resource "aws_cloudwatch_log_group" "access" {
  #checkov:skip=CKV_AWS_338:How long logs are kept is a value of each environment, which may be less than the year asked for.
  name              = "/aws/apigateway/${local.base_name}"
  retention_in_days = var.foundation.log_retention_days
  kms_key_id        = var.foundation.kms_key_arn
}
