# The functions that the machine calls, each with exactly what it may touch. They lie outside the repository that is deployed:
# no push can change what they judge by.
locals {
  ledger = { LEDGER_TABLE = aws_dynamodb_table.ledger.name }
  bucket = { BUCKET = module.bucket.name }

  steps = {
    read_push = {
      description     = "Decides what a push leads to: a run that holds the branch's lock, a place in the queue, or nothing."
      timeout_seconds = 60
      runbook         = "Read the function's log; settings that cannot be read are mended in the environment's values, then push again."
      environment     = merge(local.ledger, { SETTINGS_PARAMETER = local.settings_name })

      permissions = merge(local.use_key.UseTheKeyForLedger, local.use_key.UseTheKeyForSource, {
        TakeLock                   = { actions = ["dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem"], resources = [local.ledger_arn] }
        ReadSettings               = { actions = ["ssm:GetParameter"], resources = ["${local.arn.ssm}:parameter${local.settings_name}"] }
        SeeWhetherTheHolderIsAlive = { actions = ["states:DescribeExecution"], resources = [local.executions_arn] }
        LookAtCommits              = { actions = ["codecommit:GetBranch", "codecommit:GetCommit"], resources = [local.repository_arn] }
      })
    }

    judge_findings = {
      description     = "Holds what the scans found against the thresholds."
      timeout_seconds = 60
      runbook         = "Read the function's log by the run's id; nothing was built, and an empty commit starts another run."
      environment     = local.bucket

      permissions = merge(local.use_key.ReadWithTheKey, local.use_key.WriteWithTheKey, {
        ReadReports = { actions = ["s3:GetObject"], resources = ["${local.bucket_arn}/runs/*/reports/*"] }

        # Who may not list is told of a missing report that access is denied; a prefix could not be demanded, reading has none.
        MissReports   = { actions = ["s3:ListBucket"], resources = [local.bucket_arn] }
        WriteFindings = { actions = ["s3:PutObject"], resources = ["${local.bucket_arn}/runs/*/findings.json"] }
      })
    }

    read_manifest = {
      description     = "Makes sure that what is to be deployed is what this run's build made and signed."
      timeout_seconds = 120
      runbook         = "Treat a signature or a digest that does not match as an attack: see in CloudTrail who wrote the object, before anything is deployed."
      environment     = merge(local.ledger, local.bucket, { SIGNING_KEY_ARN = aws_kms_key.signing.arn })

      permissions = merge(local.prolong_lease, local.use_key.ReadWithTheKey, {
        ReadVersions    = { actions = ["s3:GetObjectVersion"], resources = ["${local.bucket_arn}/artifacts/*"] }
        MissVersions    = { actions = ["s3:ListBucketVersions"], resources = [local.bucket_arn] } # as with reports above
        VerifySignature = { actions = ["kms:Verify"], resources = [aws_kms_key.signing.arn] }
      })
    }

    remember_versions = {
      description     = "Notes the last good version of each function before anything is deployed."
      timeout_seconds = 120
      runbook         = "Read the function's log by the run's id; nothing was deployed, and an empty commit starts another run."
      environment     = merge(local.ledger, local.bucket, { TARGET_PREFIX = local.target_prefix })

      permissions = merge(local.use_key.UseTheKeyForLedger, local.use_key.WriteWithTheKey, {
        RememberVersions = { actions = ["dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem"], resources = [local.ledger_arn] }
        KeepVersions     = { actions = ["s3:PutObject"], resources = ["${local.bucket_arn}/runs/*/versions.json"] }
        FindFunctions    = { actions = ["lambda:ListFunctions"], resources = ["*"] } # has no resource level
        LookAtAliases    = { actions = ["lambda:GetAlias"], resources = [local.functions_arn] }
      })
    }

    shift_traffic = {
      description     = "Lets new versions have a larger share of the calls, and at last all of them."
      timeout_seconds = 120
      runbook         = "Read the function's log by the run's id; the run goes back to the last good versions by itself."
      environment     = local.ledger

      permissions = merge(local.prolong_lease, {
        LookAtVersions = { actions = ["lambda:GetAlias", "lambda:ListVersionsByFunction"], resources = [local.functions_arn] }
        MoveAliases    = { actions = ["lambda:UpdateAlias"], resources = [local.functions_arn] }
      })
    }

    judge_canary = {
      description     = "Asks the functions' alarms whether the new versions do well."
      timeout_seconds = 30
      runbook         = "Read the function's log by the run's id; the run goes back to the last good versions by itself."
      environment     = { TARGET_PREFIX = local.target_prefix }

      # Who lists alarms must be allowed to see each of them.
      permissions = { SeeAlarms = { actions = ["cloudwatch:DescribeAlarms"], resources = ["${local.arn.cloudwatch}:alarm:*"] } }
    }

    roll_back = {
      description     = "Puts the aliases back to the last good versions."
      timeout_seconds = 300
      runbook         = "New versions may still get calls: read in the function's log which aliases could not be moved, and move them by hand to the versions in runs/<run id>/versions.json."
      environment     = local.ledger

      permissions = merge(local.use_key.UseTheKeyForLedger, {
        ReadRemembered = { actions = ["dynamodb:GetItem", "dynamodb:UpdateItem"], resources = [local.ledger_arn] }
        MoveAliases    = { actions = ["lambda:GetAlias", "lambda:UpdateAlias"], resources = [local.functions_arn] }
      })
    }

    tell_outcome = {
      description     = "Writes how a run ended, and says what people are to be told."
      timeout_seconds = 60
      runbook         = "Read the function's log by the run's id; the run is over, but nobody was told how it ended."
      environment     = merge(local.ledger, local.bucket)

      permissions = merge(local.use_key.UseTheKeyForLedger, local.use_key.WriteWithTheKey, {
        CloseRun     = { actions = ["dynamodb:GetItem", "dynamodb:UpdateItem"], resources = [local.ledger_arn] }
        WriteReports = { actions = ["s3:PutObject"], resources = ["${local.bucket_arn}/reports/*"] }
      })
    }

    release_lock = {
      description     = "Gives the branch's lock back and starts the run that waited for it."
      timeout_seconds = 60
      runbook         = "Read the function's log; the next push takes the lock over once its holder is dead, and what waits runs after it."

      # The alias by its name: the machine itself is made after the functions that it calls.
      environment = merge(local.ledger, { STATE_MACHINE_ARN = "${local.machine_arn}:live" })

      permissions = merge(local.use_key.UseTheKeyForLedger, {
        ReleaseLock = { actions = ["dynamodb:GetItem", "dynamodb:PutItem"], resources = [local.ledger_arn] }

        StartWhoWaits = {
          actions    = ["states:StartExecution"]
          resources  = [local.machine_arn]
          conditions = [{ test = "StringEquals", variable = "states:StateMachineQualifier", values = ["live"] }]
        }
      })
    }
  }
}

module "step" {
  source   = "../../lambda_function"
  for_each = local.steps

  name        = "gitops_pipeline_${each.key}"
  description = each.value.description
  foundation  = var.foundation
  package     = "gitops_pipeline"
  handler     = "gitops_pipeline.handlers.${each.key}.handler"
  environment = each.value.environment
  permissions = each.value.permissions
  alarms      = { runbook = each.value.runbook }

  limits = {
    memory_mb       = var.limits.memory_mb
    timeout_seconds = each.value.timeout_seconds
  }
}
