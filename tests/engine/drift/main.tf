# One of each resource that the plain engine describes wrongly: applied, planned again and destroyed by a test.
terraform {
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.100, < 7"
    }
  }
}

provider "aws" {
  region            = "us-east-1"
  access_key        = "000000000000"
  secret_key        = "test"
  s3_use_path_style = true

  default_tags {
    tags = { project = "drift" }
  }
}

variable "name" {
  type        = string
  description = "Prefix of every name."
}

locals {
  trust = { for service in ["states", "codebuild", "lambda"] : service => jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "${service}.amazonaws.com" }
    }]
  }) }
}

resource "aws_iam_role" "service" {
  for_each           = local.trust
  name               = "${var.name}-${each.key}"
  assume_role_policy = each.value
}

resource "aws_iam_role_policy" "service" {
  for_each = aws_iam_role.service
  name     = "everything"
  role     = each.value.name
  policy   = jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Allow", Action = "*", Resource = "*" }] })
}

resource "aws_kms_key" "this" {
  description             = var.name
  enable_key_rotation     = true
  deletion_window_in_days = 7

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [for principal in [{ AWS = "000000000000" }, { Service = "logs.us-east-1.amazonaws.com" }] : {
      Effect    = "Allow"
      Action    = "kms:*"
      Resource  = "*"
      Principal = principal
    }]
  })
}

resource "aws_cloudwatch_log_group" "states" {
  name              = "/aws/vendedlogs/states/${var.name}"
  retention_in_days = 365
  kms_key_id        = aws_kms_key.this.arn
}

resource "aws_cloudwatch_log_metric_filter" "errors" {
  name           = "errors"
  log_group_name = aws_cloudwatch_log_group.states.name
  pattern        = "{ $.level = \"ERROR\" }"

  metric_transformation {
    name       = "Errors"
    namespace  = var.name
    value      = "1"
    unit       = "Count"
    dimensions = { Service = "$.service" }
  }
}

resource "aws_sfn_state_machine" "this" {
  name     = var.name
  role_arn = aws_iam_role.service["states"].arn
  publish  = true
  definition = jsonencode({
    QueryLanguage = "JSONata"
    StartAt       = "End"
    States        = { End = { Type = "Succeed" } }
  })

  logging_configuration {
    level                  = "ALL"
    include_execution_data = true
    log_destination        = "${aws_cloudwatch_log_group.states.arn}:*"
  }

  tracing_configuration {
    enabled = true
  }

  depends_on = [aws_iam_role_policy.service]
}

resource "aws_sfn_alias" "live" {
  name = "live"

  routing_configuration {
    state_machine_version_arn = aws_sfn_state_machine.this.state_machine_version_arn
    weight                    = 100
  }
}

resource "aws_sns_topic" "this" {
  name = var.name
}

resource "aws_cloudwatch_metric_alarm" "failed" {
  alarm_name          = "${var.name}-failed"
  alarm_description   = "Look at the execution's history."
  namespace           = "AWS/States"
  metric_name         = "ExecutionsFailed"
  dimensions          = { StateMachineArn = aws_sfn_state_machine.this.arn }
  statistic           = "Sum"
  period              = 60
  evaluation_periods  = 3
  datapoints_to_alarm = 2
  threshold           = 0
  comparison_operator = "GreaterThanThreshold"
  treat_missing_data  = "notBreaching"
  alarm_actions       = [aws_sns_topic.this.arn]
  ok_actions          = [aws_sns_topic.this.arn]
}

resource "aws_cloudwatch_metric_alarm" "slow" {
  alarm_name          = "${var.name}-slow"
  namespace           = "AWS/States"
  metric_name         = "ExecutionTime"
  extended_statistic  = "p95"
  period              = 300
  evaluation_periods  = 1
  threshold           = 60000
  comparison_operator = "GreaterThanOrEqualToThreshold"
}

resource "aws_cloudwatch_metric_alarm" "share" {
  alarm_name          = "${var.name}-share"
  evaluation_periods  = 1
  threshold           = 10
  comparison_operator = "GreaterThanThreshold"

  dynamic "metric_query" {
    for_each = { failed = "ExecutionsFailed", started = "ExecutionsStarted" }
    content {
      id = metric_query.key
      metric {
        namespace   = "AWS/States"
        metric_name = metric_query.value
        period      = 60
        stat        = "Sum"
        dimensions  = { StateMachineArn = aws_sfn_state_machine.this.arn }
      }
    }
  }

  metric_query {
    id          = "share"
    expression  = "100 * failed / started"
    label       = "Failed share"
    return_data = true
  }
}

resource "aws_cloudwatch_composite_alarm" "any" {
  alarm_name    = "${var.name}-any"
  alarm_rule    = "ALARM(\"${aws_cloudwatch_metric_alarm.failed.alarm_name}\") OR ALARM(\"${aws_cloudwatch_metric_alarm.slow.alarm_name}\")"
  alarm_actions = [aws_sns_topic.this.arn]
}

resource "aws_codebuild_project" "this" {
  name         = var.name
  service_role = aws_iam_role.service["codebuild"].arn

  artifacts {
    type = "NO_ARTIFACTS"
  }

  environment {
    compute_type = "BUILD_GENERAL1_SMALL"
    image        = "aws/codebuild/amazonlinux2-aarch64-standard:3.0"
    type         = "ARM_CONTAINER"
  }

  logs_config {
    cloudwatch_logs {
      group_name = aws_cloudwatch_log_group.states.name
    }
  }

  source {
    type      = "NO_SOURCE"
    buildspec = "version: 0.2"
  }
}

resource "aws_lambda_function" "rotation" {
  function_name = "${var.name}-rotation"
  role          = aws_iam_role.service["lambda"].arn
  runtime       = "python3.13"
  handler       = "function.handler"
  filename      = "${path.module}/function.zip"
}

resource "aws_lambda_permission" "rotation" {
  function_name  = aws_lambda_function.rotation.function_name
  action         = "lambda:InvokeFunction"
  principal      = "secretsmanager.amazonaws.com"
  source_account = "000000000000"
}

resource "aws_secretsmanager_secret" "this" {
  name                    = var.name
  kms_key_id              = aws_kms_key.this.arn
  recovery_window_in_days = 0
}

resource "aws_secretsmanager_secret_rotation" "this" {
  secret_id           = aws_secretsmanager_secret.this.id
  rotation_lambda_arn = aws_lambda_function.rotation.arn
  rotate_immediately  = false

  rotation_rules {
    automatically_after_days = 30
  }
}

resource "aws_api_gateway_rest_api" "this" {
  name = var.name
}

resource "aws_api_gateway_method" "root" {
  rest_api_id   = aws_api_gateway_rest_api.this.id
  resource_id   = aws_api_gateway_rest_api.this.root_resource_id
  http_method   = "GET"
  authorization = "NONE"
}

resource "aws_api_gateway_integration" "root" {
  rest_api_id = aws_api_gateway_rest_api.this.id
  resource_id = aws_api_gateway_rest_api.this.root_resource_id
  http_method = aws_api_gateway_method.root.http_method
  type        = "MOCK"
}

resource "aws_api_gateway_deployment" "this" {
  rest_api_id = aws_api_gateway_rest_api.this.id
  depends_on  = [aws_api_gateway_integration.root]
}

resource "aws_api_gateway_stage" "this" {
  rest_api_id          = aws_api_gateway_rest_api.this.id
  deployment_id        = aws_api_gateway_deployment.this.id
  stage_name           = "live"
  xray_tracing_enabled = true

  access_log_settings {
    destination_arn = aws_cloudwatch_log_group.states.arn
    format          = jsonencode({ requestId = "$context.requestId" })
  }
}

resource "aws_s3_bucket" "trail" {
  bucket = "${var.name}-trail"
}

resource "aws_cloudtrail" "this" {
  name                       = var.name
  s3_bucket_name             = aws_s3_bucket.trail.id
  enable_log_file_validation = true
}
