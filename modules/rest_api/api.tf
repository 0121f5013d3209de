# The API, what of it is deployed, and `live`, the stage that everybody calls.
locals {
  base_name = "${var.foundation.name}-${replace(var.name, "_", "-")}"
  stage     = "live"
}

resource "aws_api_gateway_rest_api" "this" {
  name        = local.base_name
  description = var.description
  body        = jsonencode(local.document)

  endpoint_configuration {
    types = ["REGIONAL"]
  }

  lifecycle {
    create_before_destroy = true
  }
}

# A deployment is a snapshot: whatever changes in the document needs a new one.
resource "aws_api_gateway_deployment" "this" {
  rest_api_id = aws_api_gateway_rest_api.this.id
  triggers    = { document = sha256(aws_api_gateway_rest_api.this.body) }

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_api_gateway_stage" "live" {
  #checkov:skip=CKV_AWS_120:Nothing is cached: an answer depends on who asks, and on what others did a moment ago.
  #checkov:skip=CKV2_AWS_4:Execution logs hold paths, and so signed links, in a log group that API Gateway makes unencrypted; the access log has the routes.
  #checkov:skip=CKV2_AWS_29:Routes ask for a signature or say why not, and all are throttled; a web ACL has a fixed price, and its owner attaches it to the stage.
  #checkov:skip=CKV2_AWS_51:A client certificate shows API Gateway to HTTP backends; here are functions only, which IAM lets it call.
  rest_api_id          = aws_api_gateway_rest_api.this.id
  deployment_id        = aws_api_gateway_deployment.this.id
  stage_name           = local.stage
  description          = "What everybody calls."
  xray_tracing_enabled = true

  access_log_settings {
    destination_arn = aws_cloudwatch_log_group.access.arn
    format          = jsonencode(local.access_log)
  }
}

resource "aws_api_gateway_method_settings" "every_route" {
  #checkov:skip=CKV_AWS_225:Nothing is cached: an answer depends on who asks, and on what others did a moment ago.
  rest_api_id = aws_api_gateway_rest_api.this.id
  stage_name  = aws_api_gateway_stage.live.stage_name
  method_path = "*/*"

  settings {
    metrics_enabled        = true
    logging_level          = "OFF"
    data_trace_enabled     = false
    throttling_rate_limit  = var.throttling.requests_per_second
    throttling_burst_limit = var.throttling.burst
  }
}
