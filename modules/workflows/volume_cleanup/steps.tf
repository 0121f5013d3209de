# The machine's steps, each with exactly what it may touch.
locals {
  steps = {
    plan_cleanup = {
      description     = "Decides about every volume and writes the whole plan; touches nothing."
      memory_mb       = 512
      timeout_seconds = 900
      runbook         = "Read the function's log; nothing was touched, and the next run plans anew."
      environment     = { SETTINGS_PARAMETER = module.store.settings_parameter }

      permissions = merge(
        local.see_volumes, local.store.write_plans, local.store.read_settings, local.store.see_runs,
        local.store.claim, local.store.account, local.store.remember,
        # Has no resource level.
        { FindDetachments = { actions = ["cloudtrail:LookupEvents"], resources = ["*"] } },
      )
    }

    mark_volumes = {
      description     = "Marks what was not used for long, and unmarks what is used again."
      memory_mb       = 256
      timeout_seconds = 300
      runbook         = "Read the function's log by the run's id; nothing is deleted that was not marked, and the next run marks again."
      environment     = {}

      permissions = merge(local.see_volumes, local.store.read_plans, local.store.claim, {
        MarkVolumes = { actions = ["ec2:CreateTags", "ec2:DeleteTags"], resources = [local.volumes], conditions = local.own_tags }
      })
    }

    snapshot_volumes = {
      description     = "Begins a snapshot of each volume that is to be deleted."
      memory_mb       = 256
      timeout_seconds = 300
      runbook         = "Read the function's log by the run's id; no volume is deleted without its snapshot, and the next run tries again."
      environment     = {}

      permissions = merge(local.see_volumes, local.see_snapshots, local.store.read_plans, local.store.claim, {
        SnapshotMarkedVolumes = { actions = ["ec2:CreateSnapshot"], resources = [local.volumes], conditions = local.marked }

        MakeSnapshotsOfRuns = {
          actions    = ["ec2:CreateSnapshot"]
          resources  = [local.snapshots]
          conditions = [{ test = "Null", variable = "aws:RequestTag/cleanup-run", values = ["false"] }]
        }

        TagNewSnapshots = {
          actions    = ["ec2:CreateTags"]
          resources  = [local.snapshots]
          conditions = [{ test = "StringEquals", variable = "ec2:CreateAction", values = ["CreateSnapshot"] }]
        }
      })
    }

    check_snapshots = {
      description     = "Looks how many snapshots of a page are not completed yet."
      memory_mb       = 256
      timeout_seconds = 60
      runbook         = "Read the function's log by the run's id; no volume is deleted before its snapshot is completed."
      environment     = {}
      permissions     = merge(local.see_volumes, local.see_snapshots, local.store.read_plans, local.store.claim)
    }

    delete_volumes = {
      description     = "Deletes what is still marked, still unattached, and in a completed snapshot."
      memory_mb       = 256
      timeout_seconds = 300
      runbook         = "Read the function's log and the run's report; a volume that should have stayed comes back with `python -m scripts.restore_volume`."
      environment     = {}

      permissions = merge(local.see_volumes, local.see_snapshots, local.store.read_plans, local.store.claim, local.store.look_up, {
        DeleteMarkedVolumes = { actions = ["ec2:DeleteVolume"], resources = [local.volumes], conditions = local.marked }
      })
    }

    notify_owners = {
      description     = "Tells each owner which of their volumes were marked, and until when they can keep them."
      memory_mb       = 512
      timeout_seconds = 300
      runbook         = "Read the function's log by the run's id, then tell the owners in the run's report yourself: their grace has begun."
      environment     = { TOPIC_ARN = module.store.topic_arn }
      permissions     = merge(local.store.read_plans, local.store.claim, local.store.account, local.store.tell)
    }

    report_cleanup = {
      description     = "Accounts for every volume: what was done, left alone, or failed, and why."
      memory_mb       = 512
      timeout_seconds = 300
      runbook         = "Read the function's log by the run's id; what was done stands in the ledger table."
      environment     = {}
      permissions     = merge(local.store.read_plans, local.store.write_reports, local.store.account)
    }
  }
}

module "step" {
  source   = "../../lambda_function"
  for_each = local.steps

  name        = "volume_cleanup_${each.key}"
  description = each.value.description
  foundation  = var.foundation
  package     = "volume_cleanup"
  handler     = "volume_cleanup.handlers.${each.key}.handler"
  environment = merge(module.store.environment, each.value.environment)
  permissions = each.value.permissions
  alarms      = { runbook = each.value.runbook }

  limits = {
    memory_mb       = each.value.memory_mb
    timeout_seconds = each.value.timeout_seconds
  }
}
