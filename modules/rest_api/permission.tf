# What lets API Gateway call each route's function: its alias, for this route of this API. The source ARN holds the account.
# https://docs.aws.amazon.com/lambda/latest/dg/services-apigateway.html#apigateway-permissions
resource "aws_lambda_permission" "this" {
  for_each = local.routes

  statement_id  = "Serve-${local.base_name}-${each.value.model}"
  action        = "lambda:InvokeFunction"
  principal     = "apigateway.amazonaws.com"
  function_name = split(":", each.value.function_arn)[6]
  qualifier     = split(":", each.value.function_arn)[7]
  source_arn    = "${aws_api_gateway_rest_api.this.execution_arn}/${local.stage}/${each.value.method}${replace(each.value.path, "/\\{\\w+\\}/", "*")}"
}
