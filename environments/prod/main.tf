# The values of prod, and nothing else: what is the same everywhere is in modules/.
module "foundation" {
  source = "../../modules/foundation"

  name                 = "workflows-prod"
  alarm_emails         = ["platform@example.com"]
  architecture         = "arm64"
  artifacts            = "${path.root}/../../build"
  deletion_protection  = true
  log_retention_days   = 365
  permissions_boundary = "workflows-prod-boundary"
}

module "etl_pipeline" {
  source = "../../modules/workflows/etl_pipeline"

  foundation        = module.foundation.foundation
  subscriber_emails = ["platform@example.com"]

  limits = {
    chunk_bytes      = 1048576
    max_concurrency  = 40
    max_object_bytes = 1073741824
  }

  contracts = {
    planes = {
      key                  = ["tailnum"]
      missing              = ["", "NA"]
      max_rejected_percent = 1

      columns = {
        tailnum      = { type = "string", required = true, max_length = 10 }
        year         = { type = "integer", required = true }
        type         = { type = "string", required = true }
        manufacturer = { type = "string", required = true }
        model        = { type = "string", required = true }
        engines      = { type = "integer", required = true }
        seats        = { type = "integer", required = true }
        speed        = { type = "integer" }
        engine       = { type = "string", required = true }
      }
    }
  }
}

module "queue_processor" {
  source = "../../modules/workflows/queue_processor"

  foundation = module.foundation.foundation
  fifo       = false

  limits = {
    batch_size          = 10
    window_seconds      = 1
    max_concurrency     = 100
    max_receive_count   = 5
    max_backoff_seconds = 900
    timeout_seconds     = 30
  }

  retention = {
    results_days = 400
  }

  prices = {
    api_calls = {
      currency = "EUR"
      tiers    = [{ up_to = 1000, unit_price = "0.001" }, { unit_price = "0.0008" }]
    }

    storage_gb_hours = {
      currency = "EUR"
      tiers    = [{ up_to = 50000, unit_price = "0.00003" }, { up_to = 500000, unit_price = "0.000025" }, { unit_price = "0.00002" }]
    }

    support_minutes = {
      currency    = "JPY"
      minor_units = 0
      tiers       = [{ unit_price = "120" }]
    }
  }
}
