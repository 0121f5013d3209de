# modules/state_machine: the role follows from the definition, and what cannot be derived fails the plan.
# The real provider, so that plans hold real policies; nothing here calls AWS.
provider "aws" {
  region                      = "us-east-1"
  access_key                  = "000000000000"
  secret_key                  = "test"
  skip_credentials_validation = true
  skip_requesting_account_id  = true
}

variables {
  name       = "sample"
  definition = "fixtures/definitions/simple.asl.json"
  resources  = { function = "arn:aws:lambda:us-east-1:000000000000:function:sample:live" }
  alarms     = { runbook = "Look at the last failed execution and redrive it." }
}

# Step Functions would be asked to check a definition that is known to the last ARN.
override_resource {
  target = aws_sfn_state_machine.this
}

run "a_simple_machine" {
  command = plan

  module {
    source = "../../modules/state_machine"
  }

  assert {
    condition     = one([for statement in jsondecode(data.aws_iam_policy_document.permissions.json).Statement : statement if statement.Sid == "LambdaInvoke"]).Resource == var.resources.function
    error_message = "The role must invoke exactly the alias it was given."
  }

  assert {
    condition     = [for statement in jsondecode(data.aws_iam_policy_document.permissions.json).Statement : statement.Sid] == ["DeliverLogs", "LambdaInvoke", "SendTraces", "EncryptExecutions", "EncryptLogs"]
    error_message = "The role must hold nothing that the definition does not call for."
  }

  assert {
    condition     = one([for statement in jsondecode(data.aws_iam_policy_document.trust.json).Statement : statement if statement.Sid == "RunTheMachine"]).Condition.ArnLike["aws:SourceArn"] == ["arn:aws:states:us-east-1:000000000000:stateMachine:sample-test-sample", "arn:aws:states:us-east-1:000000000000:stateMachine:sample-test-sample:*"]
    error_message = "Only this machine may make Step Functions take the role."
  }

  assert {
    condition     = one([for statement in jsondecode(data.aws_iam_policy_document.trust.json).Statement : statement if statement.Sid == "RunTheMachine"]).Condition.StringEquals["aws:SourceAccount"] == "000000000000"
    error_message = "The trust policy must name the source account."
  }

  assert {
    condition     = jsondecode(aws_sfn_state_machine.this.definition).States.CallFunction.Arguments.FunctionName == var.resources.function
    error_message = "The definition must be rendered with the ARN."
  }

  assert {
    condition     = aws_sfn_state_machine.this.logging_configuration[0].level == "ALL" && aws_sfn_state_machine.this.logging_configuration[0].include_execution_data
    error_message = "Every state must be logged with its data."
  }

  assert {
    condition     = aws_sfn_state_machine.this.encryption_configuration[0].type == "CUSTOMER_MANAGED_KMS_KEY" && aws_sfn_state_machine.this.encryption_configuration[0].kms_key_id == var.foundation.kms_key_arn
    error_message = "The definition and the executions must be under the foundation's key."
  }

  assert {
    condition     = one([for statement in jsondecode(data.aws_iam_policy_document.permissions.json).Statement : statement if statement.Sid == "EncryptExecutions"]) == { Sid = "EncryptExecutions", Effect = "Allow", Action = ["kms:GenerateDataKey", "kms:Decrypt"], Resource = var.foundation.kms_key_arn, Condition = { StringEquals = { "kms:EncryptionContext:aws:states:stateMachineArn" = "arn:aws:states:us-east-1:000000000000:stateMachine:sample-test-sample" } } }
    error_message = "The role may use the key for this machine's executions only, and as itself: through no service."
  }

  assert {
    condition     = one([for statement in jsondecode(data.aws_iam_policy_document.permissions.json).Statement : statement if statement.Sid == "EncryptLogs"]) == { Sid = "EncryptLogs", Effect = "Allow", Action = "kms:GenerateDataKey", Resource = var.foundation.kms_key_arn, Condition = { StringEquals = { "kms:EncryptionContext:SourceArn" = "arn:aws:logs:us-east-1:000000000000:*" } } }
    error_message = "The role may encrypt logs of this account, and read none."
  }

  assert {
    condition     = aws_sfn_state_machine.this.tracing_configuration[0].enabled
    error_message = "Tracing must be on."
  }

  assert {
    condition     = aws_cloudwatch_log_group.this.name == "/aws/vendedlogs/states/sample-test-sample"
    error_message = "The log group must lie under vendedlogs."
  }

  assert {
    condition     = keys(aws_cloudwatch_metric_alarm.this) == ["aborted", "failed", "throttled", "timed_out"]
    error_message = "There must be an alarm for every bad end."
  }

  assert {
    condition     = alltrue([for alarm in aws_cloudwatch_metric_alarm.this : endswith(alarm.alarm_description, var.alarms.runbook)])
    error_message = "Every alarm must carry the runbook."
  }

  assert {
    condition     = module.failures["failures"].name == "sample-test-sample-failures" && module.capture["failures"].rule_name == "sample-test-sample-failures"
    error_message = "Executions that ended badly must be kept."
  }

  assert {
    condition     = length([for each in output.monitoring.series : each if each.topic == "executions"]) == 4
    error_message = "Every end must be drawn."
  }
}

run "an_express_machine_has_no_executions_to_redrive" {
  command = plan

  module {
    source = "../../modules/state_machine"
  }

  variables {
    type = "EXPRESS"
  }

  assert {
    condition     = length(module.failures) == 0 && length(module.capture) == 0 && output.failures == null
    error_message = "EXPRESS machines send no events."
  }
}

run "refuses_a_way_to_run_again_that_is_no_sentence" {
  command = plan

  module {
    source = "../../modules/state_machine"
  }

  variables {
    run_again = "somehow"
  }

  expect_failures = [var.run_again]
}

run "every_integration_at_every_depth" {
  command = plan

  module {
    source = "../../modules/state_machine"
  }

  variables {
    definition = "fixtures/definitions/everything.asl.json"

    resources = {
      bus        = "arn:aws:events:us-east-1:000000000000:event-bus/sample"
      function   = "arn:aws:lambda:us-east-1:000000000000:function:sample:live"
      inbox      = "arn:aws:s3:::inbox"
      machine    = "arn:aws:states:us-east-1:000000000000:stateMachine:other:live"
      outbox     = "arn:aws:s3:::outbox/results/*"
      project    = "arn:aws:codebuild:us-east-1:000000000000:project/sample"
      queue      = "arn:aws:sqs:us-east-1:000000000000:sample"
      repository = "arn:aws:codecommit:us-east-1:000000000000:sample"
      table      = "arn:aws:dynamodb:us-east-1:000000000000:table/sample"
      topic      = "arn:aws:sns:us-east-1:000000000000:sample"
    }
  }

  assert {
    condition = toset([for statement in jsondecode(data.aws_iam_policy_document.permissions.json).Statement : statement.Sid]) == toset([
      "AwsSdkDynamodbQuery", "AwsSdkDynamodbQueryIndexes", "DynamodbPutItem", "UseTheKeyThroughDynamodb",
      "StatesStartExecutionSync2Executions", "StatesStartExecutionSync2Machine", "StatesStartExecutionSync2SyncRule",
      "S3ListObjectsV2Bucket", "S3PutObject", "UseTheKeyThroughS3",
      "SqsSendMessage", "UseTheKeyThroughSqs",
      "SnsPublish", "UseTheKeyThroughSns",
      "AwsSdkEc2DescribeInstances", "EventsPutEvents", "LambdaInvoke",
      "CodebuildStartBuild", "CodebuildStartBuildSync", "CodebuildStartBuildSyncBuildRule",
      "AwsSdkCodecommitPostCommentForComparedCommit", "UseTheKeyThroughCodecommit",
      "AwsSdkSfnDescribeExecutionItself", "UseTheKeyThroughStates",
      "StartMapRuns", "FollowMapRuns", "RedriveMapRuns",
      "DeliverLogs", "SendTraces", "EncryptExecutions", "EncryptLogs",
    ])
    error_message = "The role must follow from what the definition calls, at every depth."
  }

  assert {
    condition     = one([for statement in jsondecode(data.aws_iam_policy_document.permissions.json).Statement : statement if statement.Sid == "AwsSdkEc2DescribeInstances"]).Resource == "*"
    error_message = "What IAM knows no resource for is granted on everything, by its one action."
  }

  assert {
    condition     = one([for statement in jsondecode(data.aws_iam_policy_document.permissions.json).Statement : statement if statement.Sid == "StatesStartExecutionSync2Machine"]).Resource == "arn:aws:states:us-east-1:000000000000:stateMachine:other"
    error_message = "A machine is started by its unqualified ARN."
  }

  assert {
    condition     = one([for statement in jsondecode(data.aws_iam_policy_document.permissions.json).Statement : statement if statement.Sid == "StatesStartExecutionSync2Executions"]).Resource == "arn:aws:states:us-east-1:000000000000:execution:other:*"
    error_message = "Waiting needs the other machine's executions, and no others."
  }

  assert {
    condition     = one([for statement in jsondecode(data.aws_iam_policy_document.permissions.json).Statement : statement if statement.Sid == "StatesStartExecutionSync2SyncRule"]).Resource == "arn:aws:events:us-east-1:000000000000:rule/StepFunctionsGetEventsForStepFunctionsExecutionRule"
    error_message = "Waiting needs the managed rule, and no other."
  }

  assert {
    condition     = one([for statement in jsondecode(data.aws_iam_policy_document.permissions.json).Statement : statement if statement.Sid == "CodebuildStartBuildSync"]) == { Sid = "CodebuildStartBuildSync", Effect = "Allow", Action = ["codebuild:StopBuild", "codebuild:StartBuild", "codebuild:BatchGetBuilds"], Resource = var.resources.project }
    error_message = "Waiting for a build needs to start it, to look at it and to stop it, and no other project's."
  }

  assert {
    condition     = one([for statement in jsondecode(data.aws_iam_policy_document.permissions.json).Statement : statement if statement.Sid == "CodebuildStartBuildSyncBuildRule"]).Resource == "arn:aws:events:us-east-1:000000000000:rule/StepFunctionsGetEventForCodeBuildStartBuildRule"
    error_message = "Waiting for a build needs its managed rule, and no other."
  }

  assert {
    condition     = jsondecode(aws_sfn_state_machine.this.definition).States.Build.Arguments.ProjectName == "sample"
    error_message = "CodeBuild asks for the project's name."
  }

  assert {
    condition     = one([for statement in jsondecode(data.aws_iam_policy_document.permissions.json).Statement : statement if statement.Sid == "AwsSdkCodecommitPostCommentForComparedCommit"]).Resource == var.resources.repository
    error_message = "Commenting is granted on the repository, and no other."
  }

  assert {
    condition     = jsondecode(aws_sfn_state_machine.this.definition).States.Comment.Arguments.RepositoryName == "sample"
    error_message = "CodeCommit asks for the repository's name."
  }

  assert {
    condition     = one([for statement in jsondecode(data.aws_iam_policy_document.permissions.json).Statement : statement if statement.Sid == "S3ListObjectsV2Bucket"]).Resource == "arn:aws:s3:::inbox"
    error_message = "Listing is granted on the bucket."
  }

  assert {
    condition     = one([for statement in jsondecode(data.aws_iam_policy_document.permissions.json).Statement : statement if statement.Sid == "S3PutObject"]).Resource == "arn:aws:s3:::outbox/results/*"
    error_message = "Writing is granted under the prefix only."
  }

  assert {
    condition     = one([for statement in jsondecode(data.aws_iam_policy_document.permissions.json).Statement : statement if statement.Sid == "AwsSdkSfnDescribeExecutionItself"]).Resource == "arn:aws:states:us-east-1:000000000000:execution:sample-test-sample:*"
    error_message = "A machine looks up executions of its own only."
  }

  assert {
    condition     = one([for statement in jsondecode(data.aws_iam_policy_document.permissions.json).Statement : statement if statement.Sid == "StartMapRuns"]).Resource == "arn:aws:states:us-east-1:000000000000:stateMachine:sample-test-sample"
    error_message = "A distributed Map starts its own machine."
  }

  assert {
    condition     = one([for statement in jsondecode(data.aws_iam_policy_document.permissions.json).Statement : statement if statement.Sid == "UseTheKeyThroughSqs"]).Condition.StringEquals["kms:ViaService"] == "sqs.us-east-1.amazonaws.com"
    error_message = "The key may be used through the service only."
  }

  assert {
    condition     = jsondecode(aws_sfn_state_machine.this.definition).States.AskSomebody.Arguments.QueueUrl == "https://sqs.us-east-1.amazonaws.com/000000000000/sample"
    error_message = "SQS asks for the queue's address."
  }

  assert {
    condition     = jsondecode(aws_sfn_state_machine.this.definition).States.Fan.Branches[0].States.EachObject.ItemReader.Arguments.Bucket == "inbox"
    error_message = "S3 asks for the bucket's name."
  }
}

run "refuses_a_missing_file" {
  command = plan

  module {
    source = "../../modules/state_machine"
  }

  variables {
    definition = "fixtures/definitions/none.asl.json"
  }

  expect_failures = [var.definition]
}

run "refuses_a_partial_placeholder" {
  command = plan

  module {
    source = "../../modules/state_machine"
  }

  variables {
    definition = "fixtures/definitions/partial_placeholder.asl.json"

  }

  expect_failures = [var.definition]
}

run "refuses_a_placeholder_without_arn" {
  command = plan

  module {
    source = "../../modules/state_machine"
  }

  variables {
    resources = {}
  }

  expect_failures = [var.resources]
}

run "refuses_an_arn_without_placeholder" {
  command = plan

  module {
    source = "../../modules/state_machine"
  }

  variables {
    resources = { function = "arn:aws:lambda:us-east-1:000000000000:function:sample:live", topic = "arn:aws:sns:us-east-1:000000000000:sample" }
  }

  expect_failures = [var.resources]
}

run "refuses_a_name_for_an_arn" {
  command = plan

  module {
    source = "../../modules/state_machine"
  }

  variables {
    resources = { function = "sample" }
  }

  expect_failures = [var.resources]
}

run "refuses_an_unknown_integration" {
  command = plan

  module {
    source = "../../modules/state_machine"
  }

  variables {
    definition = "fixtures/definitions/unknown_integration.asl.json"
    resources  = { job = "arn:aws:glue:us-east-1:000000000000:job/sample" }
  }

  expect_failures = [aws_iam_role_policy.this]
}

run "refuses_a_name_known_at_run_time_only" {
  command = plan

  module {
    source = "../../modules/state_machine"
  }

  variables {
    definition = "fixtures/definitions/computed_name.asl.json"
    resources  = {}
  }

  expect_failures = [aws_iam_role_policy.this]
}

run "refuses_a_task_nested_too_deep" {
  command = plan

  module {
    source = "../../modules/state_machine"
  }

  variables {
    definition = "fixtures/definitions/too_deep.asl.json"

  }

  expect_failures = [aws_iam_role_policy.this]
}

run "refuses_waiting_in_express" {
  command = plan

  module {
    source = "../../modules/state_machine"
  }

  variables {
    definition = "fixtures/definitions/waiting.asl.json"
    resources  = { machine = "arn:aws:states:us-east-1:000000000000:stateMachine:other:live" }
    type       = "EXPRESS"
  }

  expect_failures = [var.type]
}

run "refuses_a_distributed_map_in_express" {
  command = plan

  module {
    source = "../../modules/state_machine"
  }

  variables {
    definition = "fixtures/definitions/distributed.asl.json"
    resources  = {}
    type       = "EXPRESS"
  }

  expect_failures = [var.type]
}

run "refuses_first" {
  command = plan

  module {
    source = "../../modules/state_machine"
  }

  variables {
    # Another type.
    type = "FAST"

    # A runbook without sentence.
    alarms = { runbook = "see wiki" }

    # A name with hyphens.
    name = "sample-machine"
  }

  expect_failures = [var.type, var.alarms, var.name]
}

run "refuses_second" {
  command = plan

  module {
    source = "../../modules/state_machine"
  }

  variables {
    # An alarm that never rests.
    alarms = { runbook = "Look at the last failed execution.", failed = 0 }

    # A name too long.
    name = "a_name_that_has_more_characters_than_any_role_in_iam_could_ever_have"

    # What terraform takes for its own.
    definition = "fixtures/definitions/directive.asl.json"
  }

  expect_failures = [var.alarms, var.name, var.definition]
}

run "refuses_third" {
  command = plan

  module {
    source = "../../modules/state_machine"
  }

  variables {
    # Another alarm that never rests.
    alarms = { runbook = "Look at the last failed execution.", throttled = 0 }
  }

  expect_failures = [var.alarms]
}
