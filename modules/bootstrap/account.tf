# Where we are, and what the names of this environment's resources look like.
data "aws_caller_identity" "current" {}

data "aws_partition" "current" {}

data "aws_region" "current" {}

locals {
  account_id = data.aws_caller_identity.current.account_id
  partition  = data.aws_partition.current.partition
  region     = data.aws_region.current.id

  # `arn:aws:SERVICE:REGION:ACCOUNT`, ready for a colon and a resource.
  arn = {
    for service in ["autoscaling", "cloudformation", "cloudwatch", "codebuild", "codecommit", "codeconnections", "dynamodb", "ec2", "events", "kms", "lambda", "logs", "scheduler", "secretsmanager", "sns", "sqs", "ssm", "states", "xray"] :
    service => "arn:${local.partition}:${service}:${local.region}:${local.account_id}"
  }
  iam = "arn:${local.partition}:iam::${local.account_id}"
  s3  = "arn:${local.partition}:s3:::"

  # The zips of the functions: Lambda fetches them with the right of whoever deploys.
  packages = "${local.s3}${var.name}-packages-*"

  # Lambda names the mappings of event sources by random ids.
  mappings = "${local.arn.lambda}:event-source-mapping:*"

  # API Gateway names APIs by random ids, and its ARNs hold no account.
  apis = [for path in ["restapis", "restapis/*", "tags/*"] : "arn:${local.partition}:apigateway:${local.region}::/${path}"]

  # What EC2 names by random ids; its tags say whose it is.
  host_parts = [for kind in ["launch-template", "security-group", "security-group-rule"] : "${local.arn.ec2}:${kind}/*"]

  # A schedule and the group that has its name.
  schedules = ["${local.arn.scheduler}:schedule-group/${var.name}-*", "${local.arn.scheduler}:schedule/${var.name}-*"]

  # A repository is named by its ARN as it is.
  repositories = "${local.arn.codecommit}:${var.name}-*"
  projects     = "${local.arn.codebuild}:project/${var.name}-*"

  # Those that services write to, and those of our own tools.
  log_groups = ["${local.arn.logs}:log-group:/aws/*/${var.name}-*", "${local.arn.logs}:log-group:/workflows/${var.name}/*"]
}
