# The schedule: when, in which time zone, and what it starts.
locals {
  schedule_name = "${var.foundation.name}-${replace(var.name, "_", "-")}"
  group_arn     = "arn:${var.foundation.partition}:scheduler:${var.foundation.region}:${var.foundation.account_id}:schedule-group/${local.schedule_name}"
}

# A group of its own: the smallest thing that a role can be narrowed to, and the only dimension that metrics have.
resource "aws_scheduler_schedule_group" "this" {
  name = local.schedule_name
}

resource "aws_scheduler_schedule" "this" {
  #checkov:skip=CKV_AWS_297:A schedule holds an expression, an ARN and an input that stands in these files; none is worth a key.
  name                         = local.schedule_name
  group_name                   = aws_scheduler_schedule_group.this.name
  description                  = var.description
  schedule_expression          = var.schedule.expression
  schedule_expression_timezone = var.schedule.time_zone

  flexible_time_window {
    mode                      = var.schedule.flexible_minutes > 0 ? "FLEXIBLE" : "OFF"
    maximum_window_in_minutes = var.schedule.flexible_minutes > 0 ? var.schedule.flexible_minutes : null
  }

  target {
    arn      = var.target.arn
    role_arn = aws_iam_role.this.arn

    # Terraform's `jsonencode` writes the brackets of `<aws.scheduler.scheduled-time>` as escapes, which Scheduler does not know.
    input = replace(replace(var.target.input, "\\u003c", "<"), "\\u003e", ">")

    retry_policy {
      maximum_event_age_in_seconds = var.retry.max_event_age_seconds
      maximum_retry_attempts       = var.retry.max_attempts
    }

    dead_letter_config {
      arn = module.undelivered.arn
    }
  }

  # The first moment may come at once.
  depends_on = [aws_iam_role_policy.this]
}
