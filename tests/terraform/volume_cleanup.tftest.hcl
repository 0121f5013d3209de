# modules/workflows/volume_cleanup: only what was marked is snapshotted and deleted, and a dry run is the default.
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
  schedule   = { expression = "cron(0 9 * * ? *)", time_zone = "Europe/Berlin" }
  settings   = { limits = { max_count = 100, max_gib = 5000, max_percent = 10 }, prices = { gp3 = "0.08" } }
}

# Step Functions would be asked to check a definition that is known to the last ARN.
override_module {
  target  = module.state_machine
  outputs = { arn = "arn:aws:states:us-east-1:000000000000:stateMachine:sample:live", state_machine_arn = "arn:aws:states:us-east-1:000000000000:stateMachine:sample", monitoring = { alarms = {}, series = [] } }
}

run "a_safe_workflow" {
  command = plan

  module {
    source = "../../modules/workflows/volume_cleanup"
  }

  assert {
    condition     = jsondecode(jsonencode(var.settings)).dry_run
    error_message = "Unless its value says otherwise, an environment touches nothing."
  }

  assert {
    condition     = alltrue([for grant in flatten([for step in values(local.steps) : values(step.permissions)]) : grant.conditions == local.marked if contains(grant.actions, "ec2:DeleteVolume") || (contains(grant.actions, "ec2:CreateSnapshot") && contains(grant.resources, local.volumes))])
    error_message = "Only marked volumes may be snapshotted or deleted."
  }

  assert {
    condition     = alltrue([for grant in flatten([for step in values(local.steps) : values(step.permissions)]) : grant.conditions == local.own_tags if contains(grant.resources, local.volumes) && anytrue([for action in grant.actions : endswith(action, "Tags")])])
    error_message = "Volumes may be tagged with the clean-up's own tags only."
  }

  assert {
    condition     = [for name, step in local.steps : name if contains(flatten(values(step.permissions)[*].actions), "ec2:DeleteVolume")] == ["delete_volumes"]
    error_message = "One step deletes, and no other."
  }

  assert {
    condition     = toset(flatten([for grant in flatten([for step in values(local.steps) : values(step.permissions)]) : [for action in grant.actions : action if strcontains(action, "Delete")]])) == toset(["ec2:DeleteTags", "ec2:DeleteVolume"])
    error_message = "A snapshot that was made must stay."
  }

  assert {
    condition     = toset(keys(local.steps)) == toset([for file in fileset("../../lambda_src/volume_cleanup/handlers", "*.py") : trimsuffix(file, ".py") if strcontains(file("../../lambda_src/volume_cleanup/handlers/${file}"), "\ndef handler(")])
    error_message = "There must be a function for each handler, and no other."
  }
}

run "refuses_first" {
  command = plan

  module {
    source = "../../modules/workflows/volume_cleanup"
  }

  variables {
    # Half a day.
    settings = { limits = { max_count = 100, max_gib = 5000, max_percent = 10 }, prices = { gp3 = "0.08" }, grace_days = 0.5 }
  }

  expect_failures = [var.settings]
}

run "refuses_second" {
  command = plan

  module {
    source = "../../modules/workflows/volume_cleanup"
  }

  variables {
    # Looks that outlast the run.
    settings = { limits = { max_count = 100, max_gib = 5000, max_percent = 10 }, prices = { gp3 = "0.08" }, looks = 1000, look_seconds = 60 }
  }

  expect_failures = [var.settings]
}

run "refuses_third" {
  command = plan

  module {
    source = "../../modules/workflows/volume_cleanup"
  }

  variables {
    # Looks that a history has no room for.
    settings = { limits = { max_count = 100, max_gib = 5000, max_percent = 10 }, prices = { gp3 = "0.08" }, looks = 3000, look_seconds = 1 }
  }

  expect_failures = [var.settings]
}
