# The values of local, and nothing else: what is the same everywhere is in modules/.
module "foundation" {
  source = "../../modules/foundation"

  name                 = "workflows-local"
  alarm_emails         = []
  architecture         = "arm64"
  artifacts            = "${path.root}/../../build"
  deletion_protection  = false
  log_retention_days   = 7
  permissions_boundary = null
}

module "etl_pipeline" {
  source = "../../modules/workflows/etl_pipeline"

  foundation        = module.foundation.foundation
  subscriber_emails = []

  limits = {
    chunk_bytes      = 65536
    max_concurrency  = 4
    max_object_bytes = 1073741824
  }

  contracts = {
    planes = {
      key                  = ["tailnum"]
      missing              = ["", "NA"]
      max_rejected_percent = 5

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
    window_seconds      = 0
    max_concurrency     = 5
    max_receive_count   = 3
    max_backoff_seconds = 60
    timeout_seconds     = 10
  }

  retention = {
    results_days = 30
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
