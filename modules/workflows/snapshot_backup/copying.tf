# What a second region takes; without one, nothing of it is granted.
locals {
  copies = { for region in compact([var.settings.copy_region]) : "to" => local.snapshots[region] }

  # Who calls EC2 there: endpoints of a network lead to its own region only.
  abroad = flatten([for copies in values(local.copies) : ["copy_snapshots", "delete_snapshots", "plan_retention"]])

  copy = merge([
    for copies in values(local.copies) : merge(local.use_volume_keys.copy, {
      CopyOwnSnapshots = { actions = ["ec2:CopySnapshot"], resources = [local.home], conditions = [local.own] }
      MakeCopies       = { actions = ["ec2:CopySnapshot"], resources = [copies], conditions = [local.made_by] }

      TagNewCopies = {
        actions    = ["ec2:CreateTags"]
        resources  = [copies]
        conditions = [{ test = "StringEquals", variable = "ec2:CreateAction", values = ["CopySnapshot"] }]
      }
    })
  ]...)
}
