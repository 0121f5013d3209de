# The function that tags what is made, and the one that measures how much has an owner.
# https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonec2.html
locals {
  workflow = "${var.foundation.name}-resource-tagging"
  ec2      = "arn:${var.foundation.partition}:ec2:${var.foundation.region}"
  stacks   = "arn:${var.foundation.partition}:cloudformation:${var.foundation.region}:${var.foundation.account_id}:stack/*/*"
  tags     = [var.settings.owner_tag, "${var.settings.owner_tag}-found-by", "${var.settings.owner_tag}-since"]

  # ARNs of snapshots and images have no account.
  taggable = concat(
    [for kind in ["instance", "network-interface", "volume"] : "${local.ec2}:${var.foundation.account_id}:${kind}/*"],
    [for kind in ["image", "snapshot"] : "${local.ec2}::${kind}/*"],
  )

  # None of these has a resource level.
  lists = [for kind in ["Images", "Instances", "NetworkInterfaces", "Snapshots", "Volumes"] : "ec2:Describe${kind}"]

  functions = {
    tag_resources = {
      description     = "Finds whose a new resource is and writes it on it, and on its volumes and interfaces."
      memory_mb       = 256
      timeout_seconds = 30 # it waits for EC2 until 5 s before that, which no alarm takes for slowness; Lambda calls it twice more
      concurrency     = { reserved = var.limits.concurrency }
      throttles       = 1000 # to wait one's turn is what is reserved for; what waits too long is in the failure queue
      runbook         = "Read the function's log by the event's id, mend what it names, then send the events of the queue again; nothing is tagged twice."
      environment     = { DRY_RUN = tostring(var.settings.dry_run) }

      permissions = {
        # None of them has a resource level.
        FindOwners = {
          actions   = ["autoscaling:DescribeAutoScalingGroups", "cloudtrail:LookupEvents", "ec2:DescribeTags"]
          resources = ["*"]
        }

        SeeWhatWasMade = { actions = local.lists, resources = ["*"] }

        FindOwnersOfStacks = { actions = ["cloudformation:DescribeStacks"], resources = [local.stacks] }

        # What has an owner cannot be given another one, whatever the code does.
        TagWhatHasNoOwner = {
          actions   = ["ec2:CreateTags"]
          resources = local.taggable
          conditions = [
            { test = "Null", variable = "aws:ResourceTag/${var.settings.owner_tag}", values = ["true"] },
            { test = "ForAllValues:StringEquals", variable = "aws:TagKeys", values = local.tags },
            { test = "StringEquals", variable = "aws:ResourceAccount", values = [var.foundation.account_id] },
          ]
        }
      }
    }

    measure_coverage = {
      description     = "Counts which share of the resources has an owner."
      memory_mb       = 512
      timeout_seconds = 300
      concurrency     = {}
      throttles       = 1
      runbook         = "Read the function's log; until it works again nobody knows how much has no owner."
      environment     = {}

      permissions = {
        SeeResources = { actions = local.lists, resources = ["*"] }
      }
    }
  }
}

module "function" {
  source   = "../../lambda_function"
  for_each = local.functions

  name        = "resource_tagging_${each.key}"
  description = each.value.description
  foundation  = var.foundation
  package     = "resource_tagging"
  handler     = "resource_tagging.handlers.${each.key}.handler"
  environment = merge(each.value.environment, { OWNER_TAG = var.settings.owner_tag })
  permissions = each.value.permissions
  concurrency = each.value.concurrency
  alarms      = { runbook = each.value.runbook, throttles = each.value.throttles }

  limits = {
    memory_mb       = each.value.memory_mb
    timeout_seconds = each.value.timeout_seconds
  }
}
