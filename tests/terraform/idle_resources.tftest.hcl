# modules/workflows/idle_resources: only what was warned is stopped, only what was stopped here is started, and nothing is terminated.
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
  schedule   = { expression = "rate(15 minutes)" }
  settings   = { limits = { max_count = 100, max_gib = 0, max_percent = 25 }, prices = { "t3.micro" = "0.0104" } }
}

# Step Functions would be asked to check a definition that is known to the last ARN.
override_module {
  target  = module.state_machine
  outputs = { arn = "arn:aws:states:us-east-1:000000000000:stateMachine:sample:live", state_machine_arn = "arn:aws:states:us-east-1:000000000000:stateMachine:sample", monitoring = { alarms = {}, series = [] } }
}

run "a_safe_workflow" {
  command = plan

  module {
    source = "../../modules/workflows/idle_resources"
  }

  variables {
    settings = {
      limits      = { max_count = 100, max_gib = 0, max_percent = 25 }
      prices      = { "t3.micro" = "0.0104" }
      other_types = { "t3.micro" = ["t3.small"] }
      idle        = { cpu_percent = 5, network_bytes = 1000000, hours = 24, min_datapoints = 20, min_uptime_hours = 24 }

      calendars = {
        office = { time_zone = "Europe/Berlin", working = { mon-fri = "07:00-12:00,13:00-19:00", "sat,sun" = "22:00-24:00" }, holidays = ["2028-02-29"] }
      }
    }
  }

  assert {
    condition     = jsondecode(jsonencode(var.settings)).dry_run
    error_message = "Unless its value says otherwise, an environment touches nothing."
  }

  assert {
    condition     = !anytrue([for grant in flatten([for step in values(local.steps) : values(step.permissions)]) : anytrue([for action in grant.actions : strcontains(action, "Terminate")])])
    error_message = "Nothing may be terminated."
  }

  assert {
    condition     = local.steps.stop_instances.permissions.StopWarned.conditions == local.warned && local.steps.start_instances.permissions.StartStopped.conditions == local.stopped && one(local.stopped).values == [local.workflow]
    error_message = "What was warned may be stopped, and what this workflow stopped be started."
  }

  assert {
    condition     = contains(local.steps.start_instances.permissions.ChangeTypes.conditions[*].variable, "ec2:Attribute")
    error_message = "Nothing but an instance's type may be changed."
  }

  assert {
    condition     = alltrue([for grant in flatten([for step in values(local.steps) : values(step.permissions)]) : contains(grant.conditions[*].variable, "aws:TagKeys") if anytrue([for action in grant.actions : can(regex("Tags$", action)) && !can(regex("Describe", action))])])
    error_message = "Tags must be named wherever they are touched."
  }

  assert {
    condition     = alltrue([for grant in flatten([for step in values(local.steps) : values(step.permissions)]) : contains(grant.conditions, one(local.scheduled)) if contains(grant.resources, local.groups)])
    error_message = "Only groups with a calendar may be scaled or tagged."
  }

  assert {
    condition     = toset(keys(local.steps)) == toset([for file in fileset("../../lambda_src/idle_resources/handlers", "*.py") : trimsuffix(file, ".py") if strcontains(file("../../lambda_src/idle_resources/handlers/${file}"), "\ndef handler(")])
    error_message = "There must be a function for each handler, and no other."
  }
}

run "refuses_first" {
  command = plan

  module {
    source = "../../modules/workflows/idle_resources"
  }

  variables {
    # An offset for a time zone.
    settings = { limits = { max_count = 100, max_gib = 0, max_percent = 25 }, prices = { "t3.micro" = "0.0104" }, calendars = { office = { time_zone = "+01:00", working = { mon-fri = "07:00-19:00" }, holidays = [] } } }

    # An alias.
    volume_key_arns = ["alias/volumes"]
  }

  expect_failures = [var.settings, var.volume_key_arns]
}

run "refuses_second" {
  command = plan

  module {
    source = "../../modules/workflows/idle_resources"
  }

  variables {
    # Days that nobody knows.
    settings = { limits = { max_count = 100, max_gib = 0, max_percent = 25 }, prices = { "t3.micro" = "0.0104" }, calendars = { office = { time_zone = "Europe/Berlin", working = { mo-fr = "07:00-19:00" }, holidays = [] } } }
  }

  expect_failures = [var.settings]
}

run "refuses_third" {
  command = plan

  module {
    source = "../../modules/workflows/idle_resources"
  }

  variables {
    # Hours that no day has.
    settings = { limits = { max_count = 100, max_gib = 0, max_percent = 25 }, prices = { "t3.micro" = "0.0104" }, calendars = { office = { time_zone = "Europe/Berlin", working = { mon-fri = "07:00-25:00" }, holidays = [] } } }
  }

  expect_failures = [var.settings]
}

run "refuses_fourth" {
  command = plan

  module {
    source = "../../modules/workflows/idle_resources"
  }

  variables {
    # A day that no year has.
    settings = { limits = { max_count = 100, max_gib = 0, max_percent = 25 }, prices = { "t3.micro" = "0.0104" }, calendars = { office = { time_zone = "Europe/Berlin", working = { mon-fri = "07:00-19:00" }, holidays = ["2026-02-30"] } } }
  }

  expect_failures = [var.settings]
}

run "refuses_fifth" {
  command = plan

  module {
    source = "../../modules/workflows/idle_resources"
  }

  variables {
    # More measured hours than there are.
    settings = { limits = { max_count = 100, max_gib = 0, max_percent = 25 }, prices = { "t3.micro" = "0.0104" }, idle = { cpu_percent = 5, network_bytes = 0, hours = 24, min_datapoints = 25, min_uptime_hours = 24 } }
  }

  expect_failures = [var.settings]
}

run "refuses_sixth" {
  command = plan

  module {
    source = "../../modules/workflows/idle_resources"
  }

  variables {
    # Half a minute.
    settings = { limits = { max_count = 100, max_gib = 0, max_percent = 25 }, prices = { "t3.micro" = "0.0104" }, veto_minutes = 0.5 }
  }

  expect_failures = [var.settings]
}

run "refuses_seventh" {
  command = plan

  module {
    source = "../../modules/workflows/idle_resources"
  }

  variables {
    # A type that stands in for itself.
    settings = { limits = { max_count = 100, max_gib = 0, max_percent = 25 }, prices = { "t3.micro" = "0.0104" }, other_types = { "t3.micro" = ["t3.micro"] } }
  }

  expect_failures = [var.settings]
}
