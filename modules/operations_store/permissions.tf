# What a function may do with the store, in parts: each function takes those that it needs.
locals {
  ledger_arn     = "arn:${var.foundation.partition}:dynamodb:${var.foundation.region}:${var.foundation.account_id}:table/${local.workflow}-ledger"
  settings_arn   = "arn:${var.foundation.partition}:ssm:${var.foundation.region}:${var.foundation.account_id}:parameter${local.settings_name}"
  topic_arn      = "arn:${var.foundation.partition}:sns:${var.foundation.region}:${var.foundation.account_id}:${local.workflow}"
  executions_arn = "arn:${var.foundation.partition}:states:${var.foundation.region}:${var.foundation.account_id}:execution:${local.workflow}:*"

  # Whoever is granted what the key protects may use it only through the service.
  use_key = {
    for sid, use in {
      ReadWithTheKey       = { service = "s3", actions = ["kms:Decrypt"] }
      WriteWithTheKey      = { service = "s3", actions = ["kms:GenerateDataKey"] }
      UseTheKeyForLedger   = { service = "dynamodb", actions = ["kms:Decrypt"] }
      UseTheKeyForMessages = { service = "sns", actions = ["kms:Decrypt", "kms:GenerateDataKey"] }
      } : sid => {
      (sid) = {
        actions    = use.actions
        resources  = [var.foundation.kms_key_arn]
        conditions = [{ test = "StringEquals", variable = "kms:ViaService", values = ["${use.service}.${var.foundation.region}.amazonaws.com"] }]
      }
    }
  }

  # Each way to use the ledger is a right of its own: most functions only claim, and only reports read a whole run.
  ledger = {
    for part, grant in {
      claim    = { sid = "ClaimInLedger", action = "dynamodb:PutItem" }
      look_up  = { sid = "LookUpInLedger", action = "dynamodb:GetItem" }
      account  = { sid = "ReadLedger", action = "dynamodb:Query" }
      remember = { sid = "RememberInLedger", action = "dynamodb:BatchWriteItem" }
      } : part => merge(local.use_key.UseTheKeyForLedger, {
        (grant.sid) = { actions = [grant.action], resources = [local.ledger_arn] }
    })
  }

  permissions = merge(local.ledger, {
    read_plans = merge(local.use_key.ReadWithTheKey, {
      ReadPlans = { actions = ["s3:GetObject"], resources = ["${module.bucket.arn}/plans/*"] }
    })

    write_plans = merge(local.use_key.WriteWithTheKey, {
      WritePlans = { actions = ["s3:PutObject"], resources = ["${module.bucket.arn}/plans/*"] }
    })

    # Who may not list is told of a missing plan that access is denied; a prefix could not be demanded, reading has none.
    miss_plans = {
      MissPlans = { actions = ["s3:ListBucket"], resources = [module.bucket.arn] }
    }

    write_reports = merge(local.use_key.WriteWithTheKey, {
      WriteReports = { actions = ["s3:PutObject"], resources = ["${module.bucket.arn}/reports/*"] }
    })

    read_settings = {
      ReadSettings = { actions = ["ssm:GetParameter"], resources = [local.settings_arn] }
    }

    # A run that was cut off is told from one that still works by its execution.
    see_runs = {
      SeeWhetherTheHolderIsAlive = { actions = ["states:DescribeExecution"], resources = [local.executions_arn] }
    }

    tell = merge(local.use_key.UseTheKeyForMessages, {
      TellPeople = { actions = ["sns:Publish"], resources = [local.topic_arn] }
    })
  })
}
