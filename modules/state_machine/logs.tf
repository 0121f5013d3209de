# The execution log. Under `vendedlogs` it does not use up the account's small budget of log resource policies.
resource "aws_cloudwatch_log_group" "this" {
  #checkov:skip=CKV_AWS_338:How long logs are kept is a value of each environment.
  name              = "/aws/vendedlogs/states/${local.machine_name}"
  retention_in_days = var.foundation.log_retention_days
  kms_key_id        = var.foundation.kms_key_arn
}
