# How API Gateway writes logs: one role for all APIs of an account and a region, so not for an environment's own apply to set.
# https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-logging.html
resource "aws_api_gateway_account" "this" {
  cloudwatch_role_arn = aws_iam_role.api_logs.arn
  depends_on          = [aws_iam_role_policy_attachment.api_logs] # API Gateway tries the role when it is set
}

resource "aws_iam_role" "api_logs" {
  name               = "api-logs-${var.name}" # not by the prefix that the apply role may manage
  description        = "Lets API Gateway write the logs of APIs."
  assume_role_policy = data.aws_iam_policy_document.api_logs_trust.json
}

resource "aws_iam_role_policy_attachment" "api_logs" {
  role       = aws_iam_role.api_logs.name
  policy_arn = "arn:${local.partition}:iam::aws:policy/service-role/AmazonAPIGatewayPushToCloudWatchLogs"
}

# API Gateway documents neither a source account nor a source ARN here.
data "aws_iam_policy_document" "api_logs_trust" {
  statement {
    sid     = "WriteLogs"
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["apigateway.amazonaws.com"]
    }
  }
}
