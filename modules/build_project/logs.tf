# The builds' own log group: made here, because the role may not make one.
resource "aws_cloudwatch_log_group" "this" {
  #checkov:skip=CKV_AWS_338:How long logs are kept is a value of each environment.
  name              = "/aws/codebuild/${local.project_name}"
  retention_in_days = var.foundation.log_retention_days
  kms_key_id        = var.foundation.kms_key_arn
}
