# modules/rest_api: one document from the routes, signed unless it says why not, watched, and open to its own API only.
# The real provider, so that plans hold real policies; nothing here calls AWS.
provider "aws" {
  region                      = "us-east-1"
  access_key                  = "000000000000"
  secret_key                  = "test"
  skip_credentials_validation = true
  skip_requesting_account_id  = true
}

variables {
  name        = "sample"
  description = "Serves samples."
  alarms      = { runbook = "Read the function's log by the request id." }

  routes = {
    "POST /samples"             = { function_arn = "arn:aws:lambda:us-east-1:000000000000:function:make:live", request_schema = "{\"type\": \"object\"}" }
    "GET /samples/{sample_id}"  = { function_arn = "arn:aws:lambda:us-east-1:000000000000:function:show:live" }
    "POST /samples/{sample_id}" = { function_arn = "arn:aws:lambda:us-east-1:000000000000:function:change:live", public_because = "Whoever holds the link may change it." }
  }
}

override_resource {
  target          = aws_api_gateway_rest_api.this
  override_during = plan
  values          = { id = "abc", execution_arn = "arn:aws:execute-api:us-east-1:000000000000:abc" }
}

run "a_safe_api" {
  command = plan

  module {
    source = "../../modules/rest_api"
  }

  assert {
    condition     = jsondecode(aws_api_gateway_rest_api.this.body).paths["/samples"].post.security == [{ sigv4 = [] }] && jsondecode(aws_api_gateway_rest_api.this.body).paths["/samples/{sample_id}"].get.security == [{ sigv4 = [] }]
    error_message = "Routes must ask for a signature."
  }

  assert {
    condition     = !can(jsondecode(aws_api_gateway_rest_api.this.body).paths["/samples/{sample_id}"].post.security)
    error_message = "A route that says why may be public."
  }

  assert {
    condition     = jsondecode(aws_api_gateway_rest_api.this.body).paths["/samples"].post.requestBody.content["application/json"].schema["$ref"] == "#/components/schemas/PostSamples" && jsondecode(aws_api_gateway_rest_api.this.body).components.schemas.PostSamples.type == "object"
    error_message = "A body must be held against its schema."
  }

  assert {
    condition     = jsondecode(aws_api_gateway_rest_api.this.body).paths["/samples/{sample_id}"].get.parameters[0].name == "sample_id"
    error_message = "What varies in a path must be declared."
  }

  assert {
    condition     = jsondecode(aws_api_gateway_rest_api.this.body).paths["/samples"].post["x-amazon-apigateway-integration"].uri == "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/arn:aws:lambda:us-east-1:000000000000:function:make:live/invocations"
    error_message = "Routes must call the alias."
  }

  assert {
    condition     = alltrue([for response in values(jsondecode(aws_api_gateway_rest_api.this.body)["x-amazon-apigateway-gateway-responses"]) : keys(jsondecode(replace(response.responseTemplates["application/json"], "$context.error.messageString", "0")).error) == ["code", "correlation_id", "message"]])
    error_message = "Refusals must be JSON with a correlation id."
  }

  assert {
    condition     = aws_lambda_permission.this["GET /samples/{sample_id}"].source_arn == "arn:aws:execute-api:us-east-1:000000000000:abc/live/GET/samples/*" && alltrue([for permission in aws_lambda_permission.this : permission.qualifier == "live"])
    error_message = "Only this route of this API may call the alias."
  }

  assert {
    condition     = aws_api_gateway_stage.live.xray_tracing_enabled && jsondecode(aws_api_gateway_stage.live.access_log_settings[0].format).route == "$context.resourcePath"
    error_message = "Calls must be traced, and logged without their paths."
  }

  assert {
    condition     = !strcontains(aws_api_gateway_stage.live.access_log_settings[0].format, "$context.path") && aws_cloudwatch_log_group.access.kms_key_id == var.foundation.kms_key_arn
    error_message = "A path may hold a secret, and logs must be encrypted."
  }

  assert {
    condition     = aws_api_gateway_method_settings.every_route.settings[0].metrics_enabled && aws_api_gateway_method_settings.every_route.settings[0].throttling_rate_limit == 10 && aws_api_gateway_method_settings.every_route.settings[0].logging_level == "OFF"
    error_message = "Calls must be measured and throttled, and their paths not be logged."
  }

  assert {
    condition     = aws_cloudwatch_metric_alarm.latency.threshold == 23200 && endswith(aws_cloudwatch_metric_alarm.latency.alarm_description, var.alarms.runbook) && endswith(aws_cloudwatch_metric_alarm.server_errors.alarm_description, var.alarms.runbook)
    error_message = "Alarms must ring before API Gateway gives up, and carry the runbook."
  }
}

run "an_api_at_another_address" {
  command = plan

  module {
    source = "../../modules/rest_api"
  }

  variables {
    foundation = {
      name               = "sample-test"
      partition          = "aws"
      region             = "us-east-1"
      kms_key_arn        = "arn:aws:kms:us-east-1:000000000000:key/sample"
      alarm_topic_arn    = "arn:aws:sns:us-east-1:000000000000:alarms"
      api_url_format     = "http://127.0.0.1:4566/_aws/execute-api/%s/%s"
      log_retention_days = 30
    }
  }

  assert {
    condition     = output.url == "http://127.0.0.1:4566/_aws/execute-api/abc/live"
    error_message = "An environment may say where its APIs are called."
  }
}

run "refuses_first" {
  command = plan

  module {
    source = "../../modules/rest_api"
  }

  variables {
    # A route without method.
    routes = { "/samples" = { function_arn = "arn:aws:lambda:us-east-1:000000000000:function:make:live" } }

    # A runbook without sentence.
    alarms = { runbook = "see wiki" }

    # A name with hyphens.
    name = "sample-api"

    # What is no sentence.
    description = "samples"

    # To refuse every call.
    throttling = { requests_per_second = 0 }
  }

  expect_failures = [var.routes, var.alarms, var.name, var.description, var.throttling]
}

run "refuses_second" {
  command = plan

  module {
    source = "../../modules/rest_api"
  }

  variables {
    # A function without alias.
    routes = { "GET /samples" = { function_arn = "arn:aws:lambda:us-east-1:000000000000:function:make" } }

    # A share beyond all.
    alarms = { runbook = "Look at the last failed call.", server_error_percent = 101 }
  }

  expect_failures = [var.routes, var.alarms]
}

run "refuses_third" {
  command = plan

  module {
    source = "../../modules/rest_api"
  }

  variables {
    # A schema that is none.
    routes = { "POST /samples" = { function_arn = "arn:aws:lambda:us-east-1:000000000000:function:make:live", request_schema = "[]" } }

    # An alarm when it is too late.
    alarms = { runbook = "Look at the last failed call.", latency_percent = 100 }
  }

  expect_failures = [var.routes, var.alarms]
}

run "refuses_fourth" {
  command = plan

  module {
    source = "../../modules/rest_api"
  }

  variables {
    # A body where there is none.
    routes = { "GET /samples" = { function_arn = "arn:aws:lambda:us-east-1:000000000000:function:make:live", request_schema = "{\"type\": \"object\"}" } }
  }

  expect_failures = [var.routes]
}

run "refuses_fifth" {
  command = plan

  module {
    source = "../../modules/rest_api"
  }

  variables {
    # A public route without a reason.
    routes = { "GET /samples" = { function_arn = "arn:aws:lambda:us-east-1:000000000000:function:make:live", public_because = "yes" } }
  }

  expect_failures = [var.routes]
}
