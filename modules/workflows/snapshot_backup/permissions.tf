# What several of the functions may do on EC2; each takes of it what it needs.
# https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonec2.html
locals {
  store     = module.store.permissions
  ec2       = "arn:${var.foundation.partition}:ec2:${var.foundation.region}:${var.foundation.account_id}"
  instances = "${local.ec2}:instance/*"
  volumes   = "${local.ec2}:volume/*"
  plans     = merge(local.store.read_plans, local.store.write_plans, local.store.miss_plans)

  # The ARN of a snapshot has no account. Copies lie in a second region, if there is one.
  snapshots = { for region in compact([var.foundation.region, var.settings.copy_region]) : region => "arn:${var.foundation.partition}:ec2:${region}::snapshot/*" }
  home      = local.snapshots[var.foundation.region]

  # None of them has a resource level.
  see_volumes   = { SeeVolumes = { actions = ["ec2:DescribeVolumes"], resources = ["*"] } }
  see_instances = { SeeInstances = { actions = ["ec2:DescribeInstances"], resources = ["*"] } }
  see_snapshots = { SeeSnapshots = { actions = ["ec2:DescribeSnapshots"], resources = ["*"] } }

  # Whatever the code does, it can make, copy and delete only what carries this workflow's name.
  made_by = { test = "StringEquals", variable = "aws:RequestTag/backup-by", values = [local.workflow] }
  own     = { test = "StringEquals", variable = "aws:ResourceTag/backup-by", values = [local.workflow] }
  drill = {
    of_request  = [local.made_by, { test = "StringEquals", variable = "aws:RequestTag/purpose", values = ["restore-drill"] }]
    of_resource = [local.own, { test = "StringEquals", variable = "aws:ResourceTag/purpose", values = ["restore-drill"] }]
  }
}
