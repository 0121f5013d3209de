# What several of the functions may do; each takes of it what it needs.
locals {
  ec2         = "arn:${var.foundation.partition}:ec2:${var.foundation.region}:${var.foundation.account_id}"
  parameters  = "arn:${var.foundation.partition}:ssm:${var.foundation.region}:${var.foundation.account_id}:parameter"
  hosts_arn   = "${local.parameters}${local.hosts_path}/*"
  policy_arn  = "${local.parameters}${local.policy_parameter}"
  machine_arn = "arn:${var.foundation.partition}:states:${var.foundation.region}:${var.foundation.account_id}:stateMachine:${local.workflow}"

  # Whoever holds the table's own key may use it only through the service.
  use_key = {
    for service, actions in {
      dynamodb       = ["kms:Decrypt"]
      secretsmanager = ["kms:Decrypt"]
      sns            = ["kms:Decrypt", "kms:GenerateDataKey"]
      } : service => {
      "UseTheKeyThrough${title(service)}" = {
        actions    = actions
        resources  = [var.foundation.kms_key_arn]
        conditions = [{ test = "StringEquals", variable = "kms:ViaService", values = ["${service}.${var.foundation.region}.amazonaws.com"] }]
      }
    }
  }

  read_requests = merge(local.use_key.dynamodb, {
    ReadRequests = { actions = ["dynamodb:GetItem"], resources = [aws_dynamodb_table.this["requests"].arn] }
  })

  read_links = merge(local.use_key.secretsmanager, {
    ReadLinks   = { actions = ["dynamodb:GetItem"], resources = [aws_dynamodb_table.this["links"].arn] }
    ReadLinkKey = { actions = ["secretsmanager:GetSecretValue"], resources = [module.link_key.arn] }
  })

  # A transaction is authorised by the actions in it. Nobody may change or remove what the audit holds.
  keep_requests = merge(local.read_requests, {
    KeepRequests = { actions = ["dynamodb:PutItem"], resources = [aws_dynamodb_table.this["requests"].arn] }
    AddToAudit   = { actions = ["dynamodb:PutItem"], resources = [aws_dynamodb_table.this["audit"].arn] }
  })

  read_policy = {
    ReadPolicy = { actions = ["ssm:GetParameter"], resources = [local.policy_arn] }

    # https://docs.aws.amazon.com/kms/latest/developerguide/services-parameter-store.html
    UseTheKeyForPolicy = {
      actions   = ["kms:Decrypt"]
      resources = [var.foundation.kms_key_arn]
      conditions = [
        { test = "StringEquals", variable = "kms:ViaService", values = ["ssm.${var.foundation.region}.amazonaws.com"] },
        { test = "StringEquals", variable = "kms:EncryptionContext:PARAMETER_ARN", values = [local.policy_arn] },
      ]
    }
  }

  # A token names its execution; IAM knows no resource for answering it.
  answer_tokens = {
    AnswerTokens = { actions = ["states:SendTaskSuccess"], resources = ["*"] }
  }

  find_hosts = {
    FindHosts = { actions = ["ec2:DescribeInstances"], resources = ["*"] } # has no resource level
  }

  own_hosts = [{ test = "StringEquals", variable = "aws:ResourceTag/workflow", values = [local.workflow] }]
}
