# What operators moved out of the failure queue, and who did it: `python -m scripts.failure_queue` writes it.
resource "aws_cloudwatch_log_group" "triage" {
  #checkov:skip=CKV_AWS_338:How long logs are kept is a value of each environment.
  name              = "/workflows/${var.foundation.name}/queue_processor/triage"
  retention_in_days = var.foundation.log_retention_days
  kms_key_id        = var.foundation.kms_key_arn
}
