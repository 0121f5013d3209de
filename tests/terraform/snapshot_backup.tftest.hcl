# modules/workflows/snapshot_backup: only own snapshots are copied and deleted, and promises that cannot be kept fail the plan.
# The real provider, so that plans hold real policies; nothing here calls AWS.
provider "aws" {
  region                      = "us-east-1"
  access_key                  = "000000000000"
  secret_key                  = "test"
  skip_credentials_validation = true
  skip_requesting_account_id  = true
}

variables {
  recipients = { operators = "team@example.com" }
  schedules  = { backup = { expression = "cron(0 3 * * ? *)" }, drill = { expression = "cron(0 10 ? * 2#1 *)" } }
  settings   = { policies = { standard = { daily = 7, weekly = 4, monthly = 12, rpo_hours = 26 } }, limits = { max_count = 500, max_gib = 20000, max_percent = 20 }, prices = { snapshot = "0.05" } }
}

# Step Functions would be asked to check a definition that is known to the last ARN.
override_module {
  target  = module.state_machine
  outputs = { arn = "arn:aws:states:us-east-1:000000000000:stateMachine:sample:live", state_machine_arn = "arn:aws:states:us-east-1:000000000000:stateMachine:sample", monitoring = { alarms = {}, series = [] } }
}

run "a_safe_workflow" {
  command = plan

  module {
    source = "../../modules/workflows/snapshot_backup"
  }

  assert {
    condition     = jsondecode(jsonencode(var.settings)).dry_run
    error_message = "Unless its value says otherwise, an environment touches nothing."
  }

  assert {
    condition     = alltrue([for grant in flatten([for step in values(local.steps) : values(step.permissions)]) : contains(grant.conditions, local.own) if anytrue([for action in grant.actions : startswith(action, "ec2:Delete")])])
    error_message = "Only what carries this workflow's name may be deleted."
  }

  assert {
    condition     = [for name, step in local.steps : name if contains(flatten(values(step.permissions)[*].actions), "ec2:DeleteSnapshot")] == ["delete_snapshots"]
    error_message = "One step deletes snapshots, and no other."
  }

  assert {
    condition     = alltrue([for grant in flatten([for step in values(local.steps) : values(step.permissions)]) : contains(grant.conditions, local.made_by) if contains(grant.resources, local.home) && anytrue([for action in grant.actions : startswith(action, "ec2:CreateSnapshot")])])
    error_message = "What is made must carry this workflow's name."
  }

  assert {
    condition     = local.steps.end_drill.permissions.DeleteVolumesOfDrills.conditions == local.drill.of_resource && length(local.drill.of_resource) == 2
    error_message = "No volume may be deleted but those of drills."
  }

  assert {
    condition     = keys(local.copy) == [] && !anytrue([for grant in flatten([for step in values(local.steps) : values(step.permissions)]) : contains(grant.actions, "ec2:CopySnapshot")]) && keys(local.snapshots) == ["us-east-1"]
    error_message = "Without a second region, nothing may be copied."
  }

  assert {
    condition     = module.schedule["backup"].name == "sample-test-snapshot-backup-backup" && local.tasks.backup.input.slot == "<aws.scheduler.scheduled-time>"
    error_message = "A backup's slot must be the moment that the schedule meant."
  }

  assert {
    condition     = toset(keys(aws_cloudwatch_metric_alarm.this)) == toset(["drill_failed", "items_failed", "nobody_looked", "promises_broken"]) && aws_cloudwatch_metric_alarm.this["nobody_looked"].treat_missing_data == "breaching" && aws_cloudwatch_metric_alarm.this["nobody_looked"].evaluation_periods == 28
    error_message = "Silence must be told, too."
  }

  assert {
    condition     = alltrue([for name, alarm in aws_cloudwatch_metric_alarm.this : alarm.period * alarm.evaluation_periods == 60 && alarm.treat_missing_data == "ignore" if name != "nobody_looked"])
    error_message = "An alarm must stand until the next run says otherwise, and no hour longer."
  }

  assert {
    condition     = toset(keys(local.steps)) == toset([for file in fileset("../../lambda_src/snapshot_backup/handlers", "*.py") : trimsuffix(file, ".py") if strcontains(file("../../lambda_src/snapshot_backup/handlers/${file}"), "\ndef handler(")])
    error_message = "There must be a function for each handler, and no other."
  }
}

run "copies_to_a_second_region" {
  command = plan

  module {
    source = "../../modules/workflows/snapshot_backup"
  }

  variables {
    settings = { policies = { standard = { daily = 7, weekly = 4, monthly = 12, rpo_hours = 26 } }, limits = { max_count = 500, max_gib = 20000, max_percent = 20 }, prices = { snapshot = "0.05" }, copy_region = "eu-central-1", copy_kms_key = "arn:aws:kms:eu-central-1:000000000000:key/copies" }

    volume_key_arns = ["arn:aws:kms:us-east-1:000000000000:key/volumes"]
  }

  assert {
    condition     = local.copy.MakeCopies.resources == ["arn:aws:ec2:eu-central-1::snapshot/*"] && local.copy.MakeCopies.conditions == [local.made_by] && local.copy.CopyOwnSnapshots.conditions == [local.own]
    error_message = "Own snapshots may be copied, to that region only."
  }

  assert {
    condition     = toset(local.copy.LendKeysOfVolumes.resources) == toset([var.foundation.kms_key_arn, "arn:aws:kms:us-east-1:000000000000:key/volumes", "arn:aws:kms:eu-central-1:000000000000:key/copies"])
    error_message = "A copy takes the volumes' keys and its own."
  }

  assert {
    condition     = contains(local.steps.delete_snapshots.permissions.DeleteOwnSnapshots.resources, "arn:aws:ec2:eu-central-1::snapshot/*")
    error_message = "Copies must be removed, too, when nobody needs them."
  }
}

run "refuses_first" {
  command = plan

  module {
    source = "../../modules/workflows/snapshot_backup"
  }

  variables {
    # A policy that means no backup.
    settings = { policies = { none = { daily = 7, rpo_hours = 26 } }, limits = { max_count = 500, max_gib = 20000, max_percent = 20 }, prices = { snapshot = "0.05" } }

    # Longer than CloudWatch looks back.
    silent_hours = 169

    # An alias.
    volume_key_arns = ["alias/volumes"]
  }

  expect_failures = [var.settings, var.silent_hours, var.volume_key_arns]
}

run "refuses_second" {
  command = plan

  module {
    source = "../../modules/workflows/snapshot_backup"
  }

  variables {
    # A policy that keeps nothing.
    settings = { policies = { standard = { rpo_hours = 26 } }, limits = { max_count = 500, max_gib = 20000, max_percent = 20 }, prices = { snapshot = "0.05" } }
  }

  expect_failures = [var.settings]
}

run "refuses_third" {
  command = plan

  module {
    source = "../../modules/workflows/snapshot_backup"
  }

  variables {
    # A promise of nothing.
    settings = { policies = { standard = { daily = 7, rpo_hours = 0 } }, limits = { max_count = 500, max_gib = 20000, max_percent = 20 }, prices = { snapshot = "0.05" } }
  }

  expect_failures = [var.settings]
}

run "refuses_fourth" {
  command = plan

  module {
    source = "../../modules/workflows/snapshot_backup"
  }

  variables {
    # The volumes' own region.
    settings = { policies = { standard = { daily = 7, weekly = 4, monthly = 12, rpo_hours = 26 } }, limits = { max_count = 500, max_gib = 20000, max_percent = 20 }, prices = { snapshot = "0.05" }, copy_region = "us-east-1" }
  }

  expect_failures = [var.settings]
}

run "refuses_fifth" {
  command = plan

  module {
    source = "../../modules/workflows/snapshot_backup"
  }

  variables {
    # A key without a region to use it in.
    settings = { policies = { standard = { daily = 7, weekly = 4, monthly = 12, rpo_hours = 26 } }, limits = { max_count = 500, max_gib = 20000, max_percent = 20 }, prices = { snapshot = "0.05" }, copy_kms_key = "arn:aws:kms:eu-central-1:000000000000:key/copies" }
  }

  expect_failures = [var.settings]
}
