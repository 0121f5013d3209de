# The API as an OpenAPI document, written from the routes.
# https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-swagger-extensions.html
locals {
  integration_limit_ms = 29000 # the longest that API Gateway waits for a function

  routes = {
    for key, route in var.routes : key => merge(route, {
      method     = split(" ", key)[0]
      path       = split(" ", key)[1]
      parameters = flatten(regexall("\\{(\\w+)\\}", key))
      model      = join("", [for word in regexall("[A-Za-z0-9]+", lower(key)) : title(word)]) # letters and digits only
    })
  }

  operations = {
    for key, route in local.routes : key => merge(
      {
        responses  = { "200" = { description = "The function's answer." } }
        parameters = [for name in route.parameters : { name = name, in = "path", required = true, schema = { type = "string" } }]

        "x-amazon-apigateway-request-validator" = "everything"
        "x-amazon-apigateway-integration" = {
          type                = "aws_proxy"
          httpMethod          = "POST" # of the call to Lambda, whatever the caller's was
          uri                 = "arn:${var.foundation.partition}:apigateway:${var.foundation.region}:lambda:path/2015-03-31/functions/${route.function_arn}/invocations"
          passthroughBehavior = "when_no_match"
          timeoutInMillis     = local.integration_limit_ms
        }
      },
      { for security in ["sigv4"] : "security" => [{ (security) = [] }] if route.public_because == null },
      { for schema in route.request_schema[*] : "requestBody" => {
        required = true
        content  = { "application/json" = { schema = { "$ref" = "#/components/schemas/${route.model}" } } }
      } },
    )
  }

  document = {
    openapi = "3.0.1"
    info    = { title = local.base_name, version = "1" }

    paths = {
      for path in distinct(values(local.routes)[*].path) : path => {
        for key, route in local.routes : lower(route.method) => local.operations[key] if route.path == path
      }
    }

    components = {
      schemas = { for route in values(local.routes) : route.model => jsondecode(route.request_schema) if route.request_schema != null }

      securitySchemes = {
        sigv4 = { type = "apiKey", name = "Authorization", in = "header", "x-amazon-apigateway-authtype" = "awsSigv4" }
      }
    }

    "x-amazon-apigateway-request-validators" = {
      everything = { validateRequestBody = true, validateRequestParameters = true }
    }

    # What API Gateway itself refuses looks like what a function refuses: see lambda_src/shared/http.py.
    "x-amazon-apigateway-gateway-responses" = {
      for responses in ["DEFAULT_4XX", "DEFAULT_5XX"] : responses => {
        responseTemplates = {
          "application/json" = "{\"error\": {\"code\": \"$context.error.responseType\", \"message\": $context.error.messageString, \"correlation_id\": \"$context.requestId\"}}"
        }
      }
    }
  }
}
