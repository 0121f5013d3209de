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
  #checkov:skip=CKV2_AWS_4:An execution log holds requests' paths and goes to a group that nobody encrypts; see the access log.
  #checkov:skip=CKV2_AWS_29:Routes ask for a signature; a firewall for the public ones is the owner's choice, by this stage's ARN.
  #checkov:skip=CKV2_AWS_51:Functions are called by their permission, there is no server that could ask for a certificate.
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
