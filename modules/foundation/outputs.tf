# The one object that every other module takes.
output "foundation" {
  description = "What every workflow leans on; pass it on as it is."
  value = {
    name                     = var.name
    account_id               = local.account_id
    partition                = local.partition
    region                   = local.region
    kms_key_arn              = aws_kms_key.this.arn
    alarm_topic_arn          = aws_sns_topic.alarms.arn
    api_url_format           = var.api_url_format
    artifacts                = var.artifacts
    runtime                  = var.runtime
    architecture             = var.architecture
    layer_arns               = [aws_lambda_layer_version.this.arn]
    log_retention_days       = var.log_retention_days
    access_log_bucket        = aws_s3_bucket_policy.access_logs.id # a bucket that already accepts the logs
    deletion_protection      = var.deletion_protection
    permissions_boundary_arn = one([for name in var.permissions_boundary[*] : "arn:${local.partition}:iam::${local.account_id}:policy/${name}"])
  }
}
