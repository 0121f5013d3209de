# The one object that every other module takes.
locals {
  # What nothing of the foundation itself has to be there for but the key and the buckets.
  foundation = {
    name                     = var.name
    account_id               = local.account_id
    partition                = local.partition
    region                   = local.region
    kms_key_arn              = aws_kms_key.this.arn
    alarm_topic_arn          = aws_sns_topic.alarms.arn
    api_url_format           = var.api_url_format
    runtime                  = var.runtime
    architecture             = var.architecture
    canary                   = var.canary
    dashboards               = var.dashboards
    log_retention_days       = var.log_retention_days
    network                  = var.network
    configuration_seconds    = var.configuration_seconds
    access_log_bucket        = aws_s3_bucket_policy.access_logs.id # a bucket that already accepts the logs
    deletion_protection      = var.deletion_protection
    permissions_boundary_arn = one([for name in var.permissions_boundary[*] : "arn:${local.partition}:iam::${local.account_id}:policy/${name}"])
  }
}

output "foundation" {
  description = "What every workflow leans on; pass it on as it is."
  value = merge(local.foundation, {
    layer_arns = [aws_lambda_layer_version.this.arn]
    packages = { for name, object in aws_s3_object.package : name => {
      bucket = object.bucket
      key    = object.key
      hash   = filebase64sha256("${var.artifacts}/${name}.zip")
    } if name != local.layer }
  })
}
