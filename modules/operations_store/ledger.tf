# What was done to which resource, so that nothing is done twice; rows that nobody needs any more remove themselves.
resource "aws_dynamodb_table" "ledger" {
  name                        = "${local.workflow}-ledger"
  billing_mode                = "PAY_PER_REQUEST"
  hash_key                    = "run_id"
  range_key                   = "resource_id"
  deletion_protection_enabled = var.foundation.deletion_protection

  attribute {
    name = "run_id"
    type = "S"
  }

  attribute {
    name = "resource_id"
    type = "S"
  }

  ttl {
    enabled        = true
    attribute_name = "remove_at"
  }

  point_in_time_recovery {
    enabled = true
  }

  server_side_encryption {
    enabled     = true
    kms_key_arn = var.foundation.kms_key_arn
  }
}
