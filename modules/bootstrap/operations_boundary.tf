# The most that operations workflows can ever do to what others made: bound by the tags that they sign their work with.
locals {
  # A snapshot's ARN has no account, and copies lie in another region.
  snapshots = "arn:${local.partition}:ec2:*::snapshot/*"
  keys      = "arn:${local.partition}:kms:*:${local.account_id}:key/*"
  images    = "arn:${local.partition}:ec2:${local.region}::image/*"

  operations_bounds = {
    Snapshot = {
      actions    = ["ec2:CopySnapshot", "ec2:CreateSnapshot*", "ec2:CreateVolume"]
      resources  = ["${local.arn.ec2}:*/*", local.snapshots]
      conditions = []
    }

    DeleteMarked = {
      actions    = ["ec2:DeleteVolume"]
      resources  = ["${local.arn.ec2}:volume/*"]
      conditions = [{ test = "Null", variable = "aws:ResourceTag/cleanup-marked-at", values = ["false"] }]
    }

    DeleteOwn = {
      actions    = ["ec2:DeleteSnapshot", "ec2:DeleteVolume"]
      resources  = ["${local.arn.ec2}:volume/*", local.snapshots]
      conditions = [{ test = "StringLike", variable = "aws:ResourceTag/backup-by", values = ["${var.name}-*"] }]
    }

    StopWarned = {
      actions    = ["ec2:StopInstances"]
      resources  = ["${local.arn.ec2}:instance/*"]
      conditions = [{ test = "Null", variable = "aws:ResourceTag/stop-after", values = ["false"] }]
    }

    StartStopped = {
      actions    = ["ec2:ModifyInstanceAttribute", "ec2:StartInstances"]
      resources  = ["${local.arn.ec2}:instance/*"]
      conditions = [{ test = "StringLike", variable = "aws:ResourceTag/stopped-by", values = ["${var.name}-*"] }]
    }

    ScaleGroups = {
      actions    = ["autoscaling:*Tags", "autoscaling:UpdateAutoScalingGroup"]
      resources  = ["${local.arn.autoscaling}:autoScalingGroup:*"]
      conditions = [{ test = "Null", variable = "aws:ResourceTag/schedule", values = ["false"] }]
    }

    # Nobody signs for others: these say what may be deleted, ended or deployed over.
    Tag = {
      actions    = ["ec2:CreateTags", "ec2:DeleteTags"]
      resources  = ["${local.arn.ec2}:*/*", local.snapshots, local.images]
      conditions = [{ test = "ForAllValues:StringNotEquals", variable = "aws:TagKeys", values = ["Environment", "backup-by", "workflow"] }]
    }
  }
}
