# The machine's steps, each with exactly what it may touch.
locals {
  steps = {
    plan_backup = {
      description     = "Plans which volumes are snapshotted together, at one moment."
      timeout_seconds = 300
      runbook         = "Read the function's log; no snapshot was made, so start the machine by hand with the slot that it missed."
      environment     = { SETTINGS_PARAMETER = module.store.settings_parameter }

      permissions = merge(
        local.see_volumes, local.see_instances, local.plans, local.store.read_settings, local.store.see_runs, local.store.claim,
      )
    }

    create_snapshots = {
      description     = "Snapshots each group of a page, all the volumes of an instance at one moment."
      timeout_seconds = 900
      runbook         = "Read the function's log by the run's id, then start the machine with the same slot: what was made is not made again."
      environment     = {}

      # What asks for a backup may be the instance or the volume, by the name of any policy: no tag could be demanded.
      permissions = merge(local.see_volumes, local.see_instances, local.see_snapshots, local.store.read_plans, local.store.claim, {
        SnapshotVolumes   = { actions = ["ec2:CreateSnapshot", "ec2:CreateSnapshots"], resources = [local.volumes] }
        SnapshotInstances = { actions = ["ec2:CreateSnapshots"], resources = [local.instances] }
        MakeSnapshots     = { actions = ["ec2:CreateSnapshot", "ec2:CreateSnapshots"], resources = [local.home], conditions = [local.made_by] }

        TagNewSnapshots = {
          actions    = ["ec2:CreateTags"]
          resources  = [local.home]
          conditions = [{ test = "StringEquals", variable = "ec2:CreateAction", values = ["CreateSnapshot", "CreateSnapshots"] }]
        }
      })
    }

    check_snapshots = {
      description     = "Looks how many snapshots of a page are not completed yet."
      timeout_seconds = 120
      runbook         = "Read the function's log by the run's id; what is not known to be completed keeps no promise."
      environment     = {}
      permissions     = merge(local.see_snapshots, local.store.read_plans)
    }

    plan_retention = {
      description     = "Decides about every snapshot: kept and why, copied, or deleted."
      timeout_seconds = 300
      runbook         = "Read the function's log; the new snapshots are there, and nothing was copied or deleted."
      environment     = {}
      permissions     = merge(local.see_volumes, local.see_instances, local.see_snapshots, local.plans)
    }

    copy_snapshots = {
      description     = "Copies a page's snapshots to the second region, each once."
      timeout_seconds = 900
      runbook         = "Read the function's log by the run's id; snapshots lack their copy until the next run makes it."
      environment     = {}
      permissions     = merge(local.see_snapshots, local.store.read_plans, local.store.claim, local.copy)
    }

    delete_snapshots = {
      description     = "Deletes a page's snapshots, each looked at again, and never the last good one of a volume."
      timeout_seconds = 900
      runbook         = "Read the function's log and the run's report; snapshots that were not deleted cost money and nothing else."
      environment     = {}

      permissions = merge(local.see_snapshots, local.store.read_plans, local.store.claim, {
        DeleteOwnSnapshots = { actions = ["ec2:DeleteSnapshot"], resources = values(local.snapshots), conditions = [local.own] }
      })
    }

    report_backup = {
      description     = "Accounts for every volume and snapshot, and measures how old the oldest good snapshot is."
      timeout_seconds = 300
      runbook         = "Read the function's log by the run's id; the snapshots are as the steps left them, only nobody was told."
      environment     = {}

      permissions = merge(
        local.see_volumes, local.see_instances, local.see_snapshots,
        local.store.read_plans, local.store.miss_plans, local.store.write_reports, local.store.account,
      )
    }

    start_drill = {
      description     = "Makes a volume from the newest good snapshot of the volume whose turn it is."
      timeout_seconds = 120
      runbook         = "Read the function's log: a backup that cannot be restored is none, so find out today which part is missing."
      environment     = { SETTINGS_PARAMETER = module.store.settings_parameter }

      permissions = merge(local.see_snapshots, local.store.read_settings, local.use_volume_keys.restore, {
        SeeZones            = { actions = ["ec2:DescribeAvailabilityZones"], resources = ["*"] } # has no resource level
        RestoreOwnSnapshots = { actions = ["ec2:CreateVolume"], resources = [local.home], conditions = [local.own] }
        MakeVolumesOfDrills = { actions = ["ec2:CreateVolume"], resources = [local.volumes], conditions = local.drill.of_request }

        TagVolumesOfDrills = {
          actions    = ["ec2:CreateTags"]
          resources  = [local.volumes]
          conditions = [{ test = "StringEquals", variable = "ec2:CreateAction", values = ["CreateVolume"] }]
        }
      })
    }

    check_drill = {
      description     = "Looks whether the restored volume is there, usable, and as large as what was backed up."
      timeout_seconds = 60
      runbook         = "Read the function's log, then start the drill again."
      environment     = {}
      permissions     = local.see_volumes
    }

    end_drill = {
      description     = "Removes what drills restored, and says how this one went."
      timeout_seconds = 120
      runbook         = "Find volumes tagged `purpose` = `restore-drill` and delete them; the next drill tries it, too."
      environment     = {}

      permissions = merge(local.see_volumes, {
        DeleteVolumesOfDrills = { actions = ["ec2:DeleteVolume"], resources = [local.volumes], conditions = local.drill.of_resource }
      })
    }
  }
}

module "step" {
  source   = "../../lambda_function"
  for_each = local.steps

  name        = "snapshot_backup_${each.key}"
  description = each.value.description
  foundation  = var.foundation
  package     = "snapshot_backup"
  handler     = "snapshot_backup.handlers.${each.key}.handler"
  environment = merge(module.store.environment, each.value.environment, { WORKFLOW = local.workflow })
  permissions = each.value.permissions
  alarms      = { runbook = each.value.runbook }

  calls_internet = contains(local.abroad, each.key)

  limits = {
    memory_mb       = var.memory_mb
    timeout_seconds = each.value.timeout_seconds
  }
}
