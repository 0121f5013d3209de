# What the machine may do: derived from what its definition calls, so that neither can outgrow the other.
locals {
  # Which placeholders a call names its resource by, wherever in its arguments they stand.
  used = [
    for call in local.calls : merge(call, {
      known    = contains(keys(local.integrations), call.integration)
      grants   = try(local.integrations[call.integration].grants, {})
      key      = try(local.integrations[call.integration].key, [])
      mentions = length(regexall("\"${try(local.integrations[call.integration].argument, "")}\":", call.arguments))
      placeholders = (
        try(local.integrations[call.integration].argument, "") == "" ? [""] :
        flatten(regexall("\"${local.integrations[call.integration].argument}\":\"\\$\\{(\\w+)\\}\"", call.arguments))
      )
    })
  ]

  unknown = [for call in local.used : "${call.resource} (${call.state})" if !call.known]
  unnamed = [for call in local.used : call.state if !contains(call.placeholders, "") && (call.mentions == 0 || call.mentions > length(call.placeholders))]

  grants = flatten([
    for call in local.used : [
      for placeholder in setintersection(call.placeholders, keys(local.targets)) : [
        for kind, actions in call.grants : {
          sid      = join("", [for word in regexall("[A-Za-z0-9]+", "${call.integration} ${kind == "resource" ? "" : kind}") : title(word)])
          actions  = actions
          resource = local.targets[placeholder][kind]
        }
      ]
    ]
  ])

  derived_permissions = {
    for sid in distinct(local.grants[*].sid) : sid => {
      actions   = distinct(flatten([for grant in local.grants : grant.actions if grant.sid == sid]))
      resources = distinct([for grant in local.grants : grant.resource if grant.sid == sid])
    }
  }

  key_users = { for call in local.used : split(":", trimprefix(call.integration, "aws-sdk:"))[0] => call.key... if length(call.key) > 0 }

  # https://docs.aws.amazon.com/step-functions/latest/dg/iam-policies-eg-dist-map.html
  distributed_permissions = {
    StartMapRuns = {
      actions   = ["states:StartExecution"]
      resources = [local.machine_arn]
    }
    FollowMapRuns = {
      actions   = ["states:DescribeExecution", "states:StopExecution"]
      resources = ["${local.execution_arn}:*"]
    }
    RedriveMapRuns = {
      actions   = ["states:RedriveExecution"]
      resources = ["${local.execution_arn}/*:*"]
    }
  }

  own_permissions = {
    # https://docs.aws.amazon.com/step-functions/latest/dg/cw-logs.html#cloudwatch-iam-policy
    DeliverLogs = {
      actions = [
        "logs:CreateLogDelivery",
        "logs:DeleteLogDelivery",
        "logs:DescribeLogGroups",
        "logs:DescribeResourcePolicies",
        "logs:GetLogDelivery",
        "logs:ListLogDeliveries",
        "logs:PutResourcePolicy",
        "logs:UpdateLogDelivery",
      ]
      resources = ["*"] # none of them has a resource level
    }
    # https://docs.aws.amazon.com/step-functions/latest/dg/xray-iam.html
    SendTraces = {
      actions = [
        "xray:GetSamplingRules",
        "xray:GetSamplingTargets",
        "xray:PutTelemetryRecords",
        "xray:PutTraceSegments",
      ]
      resources = ["*"] # none of them has a resource level
    }
  }
}

data "aws_iam_policy_document" "permissions" {
  dynamic "statement" {
    for_each = merge(
      local.derived_permissions,
      { for sid, permission in local.distributed_permissions : sid => permission if length(local.distributed) > 0 },
      local.own_permissions,
    )

    content {
      sid       = statement.key
      actions   = statement.value.actions
      resources = statement.value.resources
    }
  }

  # The role itself asks KMS, not Step Functions on its behalf: a condition on kms:ViaService would keep executions from starting.
  # https://docs.aws.amazon.com/step-functions/latest/dg/encryption-at-rest.html
  statement {
    sid       = "EncryptExecutions"
    actions   = ["kms:Decrypt", "kms:GenerateDataKey"]
    resources = [var.foundation.kms_key_arn]

    condition {
      test     = "StringEquals"
      variable = "kms:EncryptionContext:aws:states:stateMachineArn"
      values   = [local.machine_arn]
    }
  }

  statement {
    sid       = "EncryptLogs"
    actions   = ["kms:GenerateDataKey"]
    resources = [var.foundation.kms_key_arn]

    condition {
      test     = "StringEquals"
      variable = "kms:EncryptionContext:SourceArn"
      values   = ["arn:${var.foundation.partition}:logs:${var.foundation.region}:${var.foundation.account_id}:*"]
    }
  }

  # The key of what is called, and only through the services called.
  dynamic "statement" {
    for_each = local.key_users

    content {
      sid       = "UseTheKeyThrough${title(statement.key)}"
      actions   = distinct(flatten(statement.value))
      resources = [var.foundation.kms_key_arn]

      condition {
        test     = "StringEquals"
        variable = "kms:ViaService"
        values   = ["${statement.key}.${var.foundation.region}.amazonaws.com"]
      }
    }
  }
}
