# What several of the functions may do on EC2; each takes of it what it needs.
# https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonec2.html
locals {
  store   = module.store.permissions
  volumes = "arn:${var.foundation.partition}:ec2:${var.foundation.region}:${var.foundation.account_id}:volume/*"

  # The ARN of a snapshot has no account.
  snapshots = "arn:${var.foundation.partition}:ec2:${var.foundation.region}::snapshot/*"

  # Neither has a resource level.
  see_volumes   = { SeeVolumes = { actions = ["ec2:DescribeVolumes"], resources = ["*"] } }
  see_snapshots = { SeeSnapshots = { actions = ["ec2:DescribeSnapshots"], resources = ["*"] } }

  # Whatever the code does, it can snapshot and delete only what was marked before, and mark only with its own tags.
  marked = [{ test = "Null", variable = "aws:ResourceTag/cleanup-marked-at", values = ["false"] }]

  own_tags = [
    { test = "ForAllValues:StringEquals", variable = "aws:TagKeys", values = ["cleanup-delete-after", "cleanup-marked-at"] },
    { test = "Null", variable = "aws:TagKeys", values = ["false"] }, # without keys, every tag would go
  ]
}
