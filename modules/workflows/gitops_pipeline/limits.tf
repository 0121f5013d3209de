# How long things may take, held against what the machine waits for: its definition says.
locals {
  machine = jsondecode(file(local.definition))
  states  = concat(values(local.machine.States), flatten([for state in values(local.machine.States) : [for branch in try(state.Branches, []) : values(branch.States)]]))
  builds  = concat(local.scans, ["build", "plan", "apply", "smoke_test"])

  # The shortest of all tasks that wait for a build.
  task_seconds = min([for state in local.states : state.TimeoutSeconds if contains([for name in local.builds : "$${${name}}"], try(state.Arguments.ProjectName, ""))]...)

  # A build waits for its turn, then runs.
  seconds = {
    for name, minutes in {
      scan       = var.limits.scan_minutes
      build      = var.limits.build_minutes
      plan       = var.limits.plan_minutes
      apply      = var.limits.apply_minutes
      smoke_test = var.limits.smoke_test_minutes
    } : name => (minutes + var.limits.queued_minutes) * 60
  }

  # What a run waits for from each step that prolongs the lease to the next one, beside people and canaries; and half an hour
  # for the functions between and for what is tried again.
  stretches     = [local.seconds.scan + local.seconds.build, local.seconds.apply, local.seconds.smoke_test]
  slack_seconds = 1800
}
