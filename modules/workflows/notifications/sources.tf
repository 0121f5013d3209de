# What is told: messages of topics, and events of the account.
resource "aws_sns_topic_subscription" "topic" {
  for_each = var.topics

  topic_arn = each.value.arn
  protocol  = "sqs"
  endpoint  = module.queue.arn

  # A message that has attributes and no kind among them is let through, too.
  # https://docs.aws.amazon.com/sns/latest/dg/attribute-key-matching.html
  filter_policy = length(each.value.without_kinds) == 0 ? null : jsonencode({
    kind = [{ anything-but = sort(each.value.without_kinds) }, { exists = false }]
  })

  redrive_policy = jsonencode({ deadLetterTargetArn = module.queue.failure_queue_arn })
}

locals {
  states_arn = "arn:${var.foundation.partition}:states:${var.foundation.region}:${var.foundation.account_id}"

  sources = {
    builds    = "aws.codebuild"
    costs     = "aws.ce"
    health    = "aws.health"
    instances = "aws.ec2"
    machines  = "aws.states"
    volumes   = "aws.ec2"
  }

  # Of everything that AWS says, what somebody may want to hear.
  patterns = {
    builds = [{
      detail-type = ["CodeBuild Build State Change"]

      detail = {
        build-status = ["FAILED", "FAULT", "STOPPED", "TIMED_OUT"]
        project-name = [{ prefix = "${var.foundation.name}-" }]
      }
    }]

    # Budgets send no events, but messages to a topic: https://docs.aws.amazon.com/eventbridge/latest/ref/events-ref-budgets.html
    costs = [{ detail-type = ["Anomaly Detected"] }]

    health = [{ detail-type = ["AWS Health Event", "AWS Health Abuse Event"] }]

    instances = [
      {
        detail-type = ["EC2 Instance State-change Notification"]
        detail      = { state = ["stopped", "terminated"] }
      },
      { detail-type = ["EC2 Spot Instance Interruption Warning"] },
    ]

    machines = [{
      detail-type = ["Step Functions Execution Status Change"]

      detail = {
        status          = ["ABORTED", "FAILED", "TIMED_OUT"]
        stateMachineArn = [{ prefix = "${local.states_arn}:stateMachine:${var.foundation.name}-" }]
      }
    }]

    volumes = [{
      detail-type = ["EBS Multi-Volume Snapshots Completion Status", "EBS Snapshot Notification", "EBS Volume Notification"]
      detail      = { result = ["failed"] }
    }]
  }

  # One rule for all of them; `$or` needs two at least.
  # https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html#eb-filtering-complex-example-or
  alternatives = flatten([for name in sort(var.events) : local.patterns[name]])
  said_by      = { source = distinct([for name in sort(var.events) : local.sources[name]]) }
}

module "trigger" {
  source = "../../event_trigger"

  name          = "notifications"
  description   = "Events of the account that somebody wants to hear of go into the outbox."
  foundation    = var.foundation
  target        = { kind = "queue", arn = module.queue.arn }
  runbook       = "See in the queue why the outbox did not take the events, mend it, then send them again."
  event_pattern = length(local.alternatives) == 1 ? jsonencode(merge(local.said_by, local.alternatives[0])) : jsonencode(merge(local.said_by, { "$or" = local.alternatives }))
}
