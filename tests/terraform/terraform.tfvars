# What every module is tested with: the output of a foundation.
foundation = {
  name                     = "sample-test"
  account_id               = "000000000000"
  partition                = "aws"
  region                   = "us-east-1"
  kms_key_arn              = "arn:aws:kms:us-east-1:000000000000:key/sample"
  alarm_topic_arn          = "arn:aws:sns:us-east-1:000000000000:alarms"
  runtime                  = "python3.13"
  architecture             = "arm64"
  layer_arns               = ["arn:aws:lambda:us-east-1:000000000000:layer:libraries:1"]
  log_retention_days       = 30
  access_log_bucket        = "sample-test-access-logs"
  deletion_protection      = true
  permissions_boundary_arn = "arn:aws:iam::000000000000:policy/sample-test-boundary"

  packages = {
    approval_workflow = { bucket = "sample-test-packages", key = "approval_workflow/0123456789abcdef.zip", hash = "ASNFZ4mrze8=" }
    etl_pipeline      = { bucket = "sample-test-packages", key = "etl_pipeline/0123456789abcdef.zip", hash = "ASNFZ4mrze8=" }
    gitops_pipeline   = { bucket = "sample-test-packages", key = "gitops_pipeline/0123456789abcdef.zip", hash = "ASNFZ4mrze8=" }
    idle_resources    = { bucket = "sample-test-packages", key = "idle_resources/0123456789abcdef.zip", hash = "ASNFZ4mrze8=" }
    notifications     = { bucket = "sample-test-packages", key = "notifications/0123456789abcdef.zip", hash = "ASNFZ4mrze8=" }
    queue_processor   = { bucket = "sample-test-packages", key = "queue_processor/0123456789abcdef.zip", hash = "ASNFZ4mrze8=" }
    resource_tagging  = { bucket = "sample-test-packages", key = "resource_tagging/0123456789abcdef.zip", hash = "ASNFZ4mrze8=" }
    rotating_secret   = { bucket = "sample-test-packages", key = "rotating_secret/0123456789abcdef.zip", hash = "ASNFZ4mrze8=" }
    sample            = { bucket = "sample-test-packages", key = "sample/0123456789abcdef.zip", hash = "ASNFZ4mrze8=" }
    snapshot_backup   = { bucket = "sample-test-packages", key = "snapshot_backup/0123456789abcdef.zip", hash = "ASNFZ4mrze8=" }
    volume_cleanup    = { bucket = "sample-test-packages", key = "volume_cleanup/0123456789abcdef.zip", hash = "ASNFZ4mrze8=" }
  }
}
