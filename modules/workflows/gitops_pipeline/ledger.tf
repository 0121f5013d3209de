# Of each branch: who holds its lock, what became of its commits, and which versions to go back to.
resource "aws_dynamodb_table" "ledger" {
  name                        = "${local.workflow}-ledger"
  billing_mode                = "PAY_PER_REQUEST"
  hash_key                    = "branch"
  range_key                   = "entry"
  deletion_protection_enabled = var.foundation.deletion_protection

  attribute {
    name = "branch"
    type = "S"
  }

  attribute {
    name = "entry"
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
