# The requests, whose stream wakes machines that wait; the links sent to approvers; and the audit, which is only added to.
locals {
  workflow = "${var.foundation.name}-approval-workflow"

  tables = {
    audit = {
      partition_key = "request_id"
      sort_key      = "entry_id"
      expires       = false
      stream        = null
    }
    links = {
      partition_key = "link_id"
      sort_key      = null
      expires       = true
      stream        = null
    }
    requests = {
      partition_key = "request_id"
      sort_key      = null
      expires       = false
      stream        = "NEW_IMAGE"
    }
  }
}

resource "aws_dynamodb_table" "this" {
  for_each = local.tables

  name                        = "${local.workflow}-${each.key}"
  billing_mode                = "PAY_PER_REQUEST"
  hash_key                    = each.value.partition_key
  range_key                   = each.value.sort_key
  stream_enabled              = each.value.stream != null
  stream_view_type            = each.value.stream
  deletion_protection_enabled = var.foundation.deletion_protection

  dynamic "attribute" {
    for_each = toset(compact([each.value.partition_key, each.value.sort_key]))

    content {
      name = attribute.value
      type = "S"
    }
  }

  dynamic "ttl" {
    for_each = each.value.expires ? ["remove_at"] : []

    content {
      enabled        = true
      attribute_name = ttl.value
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
