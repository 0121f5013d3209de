# A REST API from an OpenAPI document, with what a stage and its methods may be told.
resource "aws_iam_role" "gateway" {
  name = "${var.name}-gateway"

  assume_role_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Principal = { Service = "apigateway.amazonaws.com" } }]
  })
}

resource "aws_iam_role_policy_attachment" "gateway" {
  role       = aws_iam_role.gateway.name
  policy_arn = "arn:aws:iam::aws:policy/service-role/AmazonAPIGatewayPushToCloudWatchLogs"
}

resource "aws_api_gateway_account" "this" {
  cloudwatch_role_arn = aws_iam_role.gateway.arn
  depends_on          = [aws_iam_role_policy_attachment.gateway]
}

resource "aws_api_gateway_rest_api" "calls" {
  name        = "${var.name}-calls"
  description = "An API."

  body = jsonencode({
    openapi = "3.0.1"
    info    = { title = "${var.name}-calls", version = "1" }
    paths = { "/things/{thing}" = { post = {
      security                                = [{ sigv4 = [] }]
      parameters                              = [{ name = "thing", in = "path", required = true, schema = { type = "string" } }]
      requestBody                             = { required = true, content = { "application/json" = { schema = { "$ref" = "#/components/schemas/Thing" } } } }
      responses                               = { "200" = { description = "Done." } }
      "x-amazon-apigateway-request-validator" = "everything"
      "x-amazon-apigateway-integration" = {
        type                = "aws_proxy"
        httpMethod          = "POST"
        uri                 = aws_lambda_function.worker.invoke_arn
        passthroughBehavior = "when_no_match"
        timeoutInMillis     = 10000
      }
    } } }
    components = {
      schemas         = { Thing = { type = "object", required = ["name"], properties = { name = { type = "string" } } } }
      securitySchemes = { sigv4 = { type = "apiKey", name = "Authorization", in = "header", "x-amazon-apigateway-authtype" = "awsSigv4" } }
    }
    "x-amazon-apigateway-request-validators" = { everything = { validateRequestBody = true, validateRequestParameters = true } }
    "x-amazon-apigateway-gateway-responses" = {
      DEFAULT_4XX = { responseTemplates = { "application/json" = "{\"error\":$context.error.messageString}" } }
    }
  })

  endpoint_configuration {
    types = ["REGIONAL"]
  }

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_api_gateway_deployment" "calls" {
  rest_api_id = aws_api_gateway_rest_api.calls.id
  triggers    = { body = sha256(aws_api_gateway_rest_api.calls.body) }

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_cloudwatch_log_group" "calls" {
  name              = "/aws/apigateway/${var.name}"
  retention_in_days = 30
  kms_key_id        = aws_kms_key.this.arn
}

resource "aws_api_gateway_stage" "calls" {
  rest_api_id          = aws_api_gateway_rest_api.calls.id
  deployment_id        = aws_api_gateway_deployment.calls.id
  stage_name           = "live"
  description          = "A stage."
  xray_tracing_enabled = true

  access_log_settings {
    destination_arn = aws_cloudwatch_log_group.calls.arn
    format          = jsonencode({ id = "$context.requestId", status = "$context.status" })
  }

  depends_on = [aws_api_gateway_account.this]
}

resource "aws_api_gateway_method_settings" "calls" {
  for_each    = { every = "*/*", one = "things/{thing}/POST" }
  rest_api_id = aws_api_gateway_rest_api.calls.id
  stage_name  = aws_api_gateway_stage.calls.stage_name
  method_path = each.value

  settings {
    metrics_enabled        = true
    logging_level          = each.key == "every" ? "OFF" : "ERROR"
    data_trace_enabled     = false
    throttling_rate_limit  = each.key == "every" ? 50 : null
    throttling_burst_limit = each.key == "every" ? 20 : null
  }
}

resource "aws_lambda_permission" "gateway" {
  action        = "lambda:InvokeFunction"
  function_name = aws_lambda_function.worker.function_name
  principal     = "apigateway.amazonaws.com"
  source_arn    = "${aws_api_gateway_rest_api.calls.execution_arn}/live/POST/things/*"
}
