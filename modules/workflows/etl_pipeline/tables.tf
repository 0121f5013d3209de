# The records that were loaded, and the ledger of runs that makes every object version load once.
locals {
  tables = {
    records = {
      partition_key = "record_key"
      indexes       = {}
    }
    runs = {
      partition_key = "object_version"
      indexes       = { by_dataset = { partition_key = "dataset", sort_key = "started_at" } }
    }
  }
}

resource "aws_dynamodb_table" "this" {
  for_each = local.tables

  name                        = "${local.workflow}-${each.key}"
  billing_mode                = "PAY_PER_REQUEST"
  hash_key                    = each.value.partition_key
  deletion_protection_enabled = var.foundation.deletion_protection

  dynamic "attribute" {
    for_each = toset(concat([each.value.partition_key], flatten([for index in values(each.value.indexes) : values(index)])))

    content {
      name = attribute.value
      type = "S"
    }
  }

  dynamic "global_secondary_index" {
    for_each = each.value.indexes

    content {
      name            = global_secondary_index.key
      hash_key        = global_secondary_index.value.partition_key
      range_key       = global_secondary_index.value.sort_key
      projection_type = "ALL"
    }
  }

  point_in_time_recovery {
    enabled = true
  }

  server_side_encryption {
    enabled     = true
    kms_key_arn = var.foundation.kms_key_arn
  }
}
