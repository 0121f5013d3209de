# The machine's steps, each with exactly what it may touch; none can terminate anything.
locals {
  steps = {
    plan_idle = {
      description     = "Decides about every instance and group, and writes the whole plan; touches nothing."
      timeout_seconds = 900
      runbook         = "Read the function's log; nothing was touched, and the next run sees to what should be by then."
      environment     = { SETTINGS_PARAMETER = module.store.settings_parameter }

      permissions = merge(
        local.see_instances, local.see_groups, local.see_usage,
        local.store.read_settings, local.store.write_plans, local.store.see_runs, local.store.claim,
      )
    }

    start_instances = {
      description     = "Starts what this workflow stopped, at EC2's pace, in the next size where there is no room."
      timeout_seconds = 900
      runbook         = "Read the function's log by the run's id; the next run starts what is still stopped, so mend what it names: capacity, a quota, a key."
      environment     = {}

      permissions = merge(local.go_on, local.see_instances, local.store.claim, local.store.remember, {
        StartStopped  = { actions = ["ec2:StartInstances"], resources = [local.instances], conditions = local.stopped }
        RememberTypes = { actions = ["ec2:CreateTags"], resources = [local.instances], conditions = concat(local.stopped, local.only.typed) }

        # A repeated attempt finds the signature gone.
        ForgetStops = { actions = ["ec2:DeleteTags"], resources = [local.instances], conditions = local.only.started }

        ChangeTypes = {
          actions    = ["ec2:ModifyInstanceAttribute"]
          resources  = [local.instances]
          conditions = concat(local.stopped, [{ test = "StringEquals", variable = "ec2:Attribute", values = ["InstanceType"] }])
        }

        # An instance with encrypted volumes starts with their key.
        LendKeysOfVolumes = {
          actions   = ["kms:CreateGrant"]
          resources = concat([var.foundation.kms_key_arn], tolist(var.volume_key_arns))
          conditions = [
            { test = "StringEquals", variable = "kms:ViaService", values = ["ec2.${var.foundation.region}.amazonaws.com"] },
            { test = "Bool", variable = "kms:GrantIsForAWSResource", values = ["true"] },
          ]
        }
      })
    }

    scale_groups = {
      description     = "Scales groups to their off-hours size, and back to their own."
      timeout_seconds = 900
      runbook         = "Read the function's log by the run's id; a group's own size stands in its tag `own-size`."
      environment     = {}

      permissions = merge(local.go_on, local.see_groups, local.store.claim, local.store.remember, {
        ScaleGroups = { actions = ["autoscaling:UpdateAutoScalingGroup"], resources = [local.groups], conditions = local.scheduled }

        RememberSizes = {
          actions    = ["autoscaling:CreateOrUpdateTags", "autoscaling:DeleteTags"]
          resources  = [local.groups]
          conditions = concat(local.scheduled, local.only.sized)
        }
      })
    }

    stop_instances = {
      description     = "Stops what was warned and is still idle, or off by its calendar; never terminates."
      timeout_seconds = 900
      runbook         = "Read the function's log by the run's id; what was not stopped costs money and nothing else."
      environment     = {}

      permissions = merge(local.store.read_plans, local.see_instances, local.see_usage, local.store.claim, local.store.remember, {
        StopWarned     = { actions = ["ec2:StopInstances"], resources = [local.instances], conditions = local.warned }
        SignStops      = { actions = ["ec2:CreateTags"], resources = [local.instances], conditions = concat(local.warned, local.only.signed) }
        ForgetWarnings = { actions = ["ec2:DeleteTags"], resources = [local.instances], conditions = local.only.warned }
      })
    }

    warn_owners = {
      description     = "Warns owners of what would be stopped, and takes warnings back."
      timeout_seconds = 900
      runbook         = "Read the function's log by the run's id; nothing is stopped without a warning, so the next run warns again."
      environment     = { TOPIC_ARN = module.store.topic_arn }

      permissions = merge(local.go_on, local.see_instances, local.see_groups, local.see_usage, local.store.claim, local.store.tell, {
        WarnInstances = { actions = ["ec2:CreateTags"], resources = [local.instances], conditions = local.only.warned }
        TakeBack      = { actions = ["ec2:DeleteTags"], resources = [local.instances], conditions = local.only.vetoed }

        WarnGroups = {
          actions    = ["autoscaling:CreateOrUpdateTags"]
          resources  = [local.groups]
          conditions = concat(local.scheduled, local.only.warned)
        }

        TakeBackFromGroups = {
          actions    = ["autoscaling:DeleteTags"]
          resources  = [local.groups]
          conditions = concat(local.scheduled, local.only.vetoed)
        }
      })
    }

    report_idle = {
      description     = "Accounts for every instance and group, and for what was saved."
      timeout_seconds = 300
      runbook         = "Read the function's log by the run's id; what was done stands in the ledger table."
      environment     = {}
      permissions     = merge(local.go_on, local.store.write_reports, local.store.remember)
    }
  }
}

module "step" {
  source   = "../../lambda_function"
  for_each = local.steps

  name        = "idle_resources_${each.key}"
  description = each.value.description
  foundation  = var.foundation
  package     = "idle_resources"
  handler     = "idle_resources.handlers.${each.key}.handler"
  environment = merge(module.store.environment, each.value.environment, { WORKFLOW = local.workflow })
  permissions = each.value.permissions
  alarms      = { runbook = each.value.runbook }

  limits = {
    memory_mb       = var.memory_mb
    timeout_seconds = each.value.timeout_seconds
  }
}
