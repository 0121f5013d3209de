# Every integration a definition may use: the argument that names its resource, and what it needs there. An integration
# whose actions IAM knows no resource for has no such argument, and is granted them on "*"; a machine looks up executions of its
# own only, with the right to its own key.
# https://docs.aws.amazon.com/step-functions/latest/dg/service-integration-iam-templates.html
locals {
  integrations = {
    "aws-sdk:codecommit:postCommentForComparedCommit" = {
      argument = "RepositoryName"
      grants   = { resource = ["codecommit:PostCommentForComparedCommit"] }
      key      = ["kms:Decrypt"]
    }
    "aws-sdk:dynamodb:query"        = { argument = "TableName", grants = { resource = ["dynamodb:Query"], indexes = ["dynamodb:Query"] }, key = ["kms:Decrypt"] }
    "aws-sdk:ec2:describeInstances" = { argument = "", grants = { resource = ["ec2:DescribeInstances"] }, key = [] }
    "aws-sdk:sfn:describeExecution" = { argument = "", grants = { itself = ["states:DescribeExecution"] }, key = [] }
    "codebuild:startBuild"          = { argument = "ProjectName", grants = { resource = ["codebuild:StartBuild"] }, key = [] }
    "codebuild:startBuild.sync"     = { argument = "ProjectName", grants = local.awaited_build, key = [] }
    "dynamodb:deleteItem"           = { argument = "TableName", grants = { resource = ["dynamodb:DeleteItem"] }, key = ["kms:Decrypt"] }
    "dynamodb:getItem"              = { argument = "TableName", grants = { resource = ["dynamodb:GetItem"] }, key = ["kms:Decrypt"] }
    "dynamodb:putItem"              = { argument = "TableName", grants = { resource = ["dynamodb:PutItem"] }, key = ["kms:Decrypt"] }
    "dynamodb:updateItem"           = { argument = "TableName", grants = { resource = ["dynamodb:UpdateItem"] }, key = ["kms:Decrypt"] }
    "events:putEvents"              = { argument = "EventBusName", grants = { resource = ["events:PutEvents"] }, key = [] }
    "lambda:invoke"                 = { argument = "FunctionName", grants = { resource = ["lambda:InvokeFunction"] }, key = [] }
    "s3:getObject"                  = { argument = "Bucket", grants = { resource = ["s3:GetObject"] }, key = ["kms:Decrypt"] }
    "s3:listObjectsV2"              = { argument = "Bucket", grants = { bucket = ["s3:ListBucket"] }, key = [] }
    "s3:putObject" = {
      argument = "Bucket"
      grants   = { resource = ["s3:AbortMultipartUpload", "s3:GetObject", "s3:ListMultipartUploadParts", "s3:PutObject"] }
      key      = ["kms:Decrypt", "kms:GenerateDataKey"]
    }
    "sns:publish"                  = { argument = "TopicArn", grants = { resource = ["sns:Publish"] }, key = ["kms:Decrypt", "kms:GenerateDataKey"] }
    "sqs:sendMessage"              = { argument = "QueueUrl", grants = { resource = ["sqs:SendMessage"] }, key = ["kms:Decrypt", "kms:GenerateDataKey"] }
    "states:startExecution"        = { argument = "StateMachineArn", grants = { machine = ["states:StartExecution"] }, key = [] }
    "states:startExecution.sync"   = { argument = "StateMachineArn", grants = local.nested_execution, key = ["kms:Decrypt"] }
    "states:startExecution.sync:2" = { argument = "StateMachineArn", grants = local.nested_execution, key = ["kms:Decrypt"] }
  }

  # A machine waits for another one through a rule that Step Functions manages in the account.
  # https://docs.aws.amazon.com/step-functions/latest/dg/connect-stepfunctions.html#nested-stepfunctions-iam-permissions
  nested_execution = {
    machine    = ["states:StartExecution"]
    executions = ["states:DescribeExecution", "states:StopExecution"]
    sync_rule  = ["events:DescribeRule", "events:PutRule", "events:PutTargets"]
  }

  # It waits for a build in the same way. https://docs.aws.amazon.com/step-functions/latest/dg/codebuild-iam.html
  awaited_build = {
    resource   = ["codebuild:BatchGetBuilds", "codebuild:StartBuild", "codebuild:StopBuild"]
    build_rule = ["events:DescribeRule", "events:PutRule", "events:PutTargets"]
  }

  # The ARNs that a grant may mean, for each resource the machine was given. Step Functions authorises a version or
  # an alias by its machine's ARN. https://docs.aws.amazon.com/step-functions/latest/dg/auth-version-alias.html
  targets = {
    for placeholder, arn in merge(var.resources, { "" = "*" }) : placeholder => {
      resource    = arn
      indexes     = "${arn}/index/*"
      bucket      = split("/", arn)[0]
      bucket_name = split("/", replace(arn, "/^arn:[^:]+:s3:::/", ""))[0]
      itself      = "${local.execution_arn}:*"
      queue_url   = try("https://sqs.${split(":", arn)[3]}.amazonaws.com/${split(":", arn)[4]}/${split(":", arn)[5]}", null)
      project     = try(split("/", arn)[1], null)
      repository  = try(split(":", arn)[5], null)
      machine     = try(join(":", slice(split(":", arn), 0, 7)), null)
      executions  = try("${replace(join(":", slice(split(":", arn), 0, 7)), ":stateMachine:", ":execution:")}:*", null)
      build_rule  = "arn:${var.foundation.partition}:events:${var.foundation.region}:${var.foundation.account_id}:rule/StepFunctionsGetEventForCodeBuildStartBuildRule"
      sync_rule   = "arn:${var.foundation.partition}:events:${var.foundation.region}:${var.foundation.account_id}:rule/StepFunctionsGetEventsForStepFunctionsExecutionRule"
    }
  }
}
