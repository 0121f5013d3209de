# The order of the steps: statemachines/snapshot_backup.asl.json; and when backups are made and tried.
locals {
  # A slot is the run's identity: one that is delivered twice goes over the same plan.
  tasks = {
    backup = { description = "Makes the backup of each slot.", input = { task = "backup", slot = "<aws.scheduler.scheduled-time>" } }
    drill  = { description = "Restores a backup to see that it can be done.", input = { task = "drill" } }
  }
}

module "state_machine" {
  source = "../../state_machine"

  name       = "snapshot_backup"
  definition = "${path.module}/../../../statemachines/snapshot_backup.asl.json"
  foundation = var.foundation

  resources = merge({ for name, function in module.step : name => function.arn }, {
    bucket = module.store.plans_arn
    topic  = module.store.topic_arn
  })

  alarms = {
    runbook = "Read the run's report: over a limit nothing was copied or deleted; mend what it names, then start the machine again with the run's slot."
  }
}

module "schedule" {
  source   = "../../schedule"
  for_each = local.tasks

  name        = "snapshot_backup_${each.key}"
  description = each.value.description
  foundation  = var.foundation
  schedule    = merge(var.schedules[each.key], { time_zone = var.settings.time_zone })
  target      = { kind = "state_machine", arn = module.state_machine.arn, input = jsonencode(each.value.input) }
  runbook     = "See in the queue why nothing started, mend it, then start the machine by hand with the message's input."
}
