# The results, which are also the memory of what was processed, and the totals that follow them.
locals {
  workflow = "${var.foundation.name}-queue-processor"

  tables = {
    results = {
      partition_key = "business_key"
      stream        = "NEW_IMAGE"
    }
    totals = {
      partition_key = "customer_currency"
      stream        = null
    }
  }
}

resource "aws_dynamodb_table" "this" {
  for_each = local.tables

  name                        = "${local.workflow}-${each.key}"
  billing_mode                = "PAY_PER_REQUEST"
  hash_key                    = each.value.partition_key
  stream_enabled              = each.value.stream != null
  stream_view_type            = each.value.stream
  deletion_protection_enabled = var.foundation.deletion_protection

  attribute {
    name = each.value.partition_key
    type = "S"
  }

  ttl {
    enabled        = true
    attribute_name = "expires_at"
  }

  point_in_time_recovery {
    enabled = true
  }

  server_side_encryption {
    enabled     = true
    kms_key_arn = var.foundation.kms_key_arn
  }
}
