# What several of the functions may do on EC2 and Auto Scaling; each takes of it what it needs.
# https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonec2.html
locals {
  store     = module.store.permissions
  instances = "arn:${var.foundation.partition}:ec2:${var.foundation.region}:${var.foundation.account_id}:instance/*"
  groups    = "arn:${var.foundation.partition}:autoscaling:${var.foundation.region}:${var.foundation.account_id}:autoScalingGroup:*:autoScalingGroupName/*"
  go_on     = merge(local.store.read_plans, local.store.account)

  # None of them has a resource level.
  see_instances = { SeeInstances = { actions = ["ec2:DescribeInstances", "ec2:DescribeInstanceTypes"], resources = ["*"] } }
  see_groups    = { SeeGroups = { actions = ["autoscaling:DescribeAutoScalingGroups"], resources = ["*"] } }
  see_usage     = { SeeUsage = { actions = ["cloudwatch:GetMetricData"], resources = ["*"] } }

  # Whatever the code does: only what was warned is stopped, only what this workflow stopped is started, and only groups
  # with a calendar are scaled.
  warned    = [{ test = "Null", variable = "aws:ResourceTag/stop-after", values = ["false"] }]
  stopped   = [{ test = "StringEquals", variable = "aws:ResourceTag/stopped-by", values = [local.workflow] }]
  scheduled = [{ test = "Null", variable = "aws:ResourceTag/schedule", values = ["false"] }]

  # Which tags a function may touch; without keys, a call would remove all of them.
  only = {
    for use, keys in {
      started = ["own-type", "stop-after", "stopped-at", "stopped-by"]
      sized   = ["own-size", "stop-after"]
      signed  = ["stopped-at", "stopped-by"]
      typed   = ["own-type"]
      vetoed  = ["stop-after", "stopped-at", "stopped-by"]
      warned  = ["stop-after"]
      } : use => [
      { test = "ForAllValues:StringEquals", variable = "aws:TagKeys", values = keys },
      { test = "Null", variable = "aws:TagKeys", values = ["false"] },
    ]
  }
}
