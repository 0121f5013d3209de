# The values of the environment in which the tests prove that functions run inside of a network, and nothing else.
module "foundation" {
  source = "../../../modules/foundation"

  name                 = "workflows-network"
  alarm_emails         = []
  architecture         = "arm64"
  artifacts            = "${path.root}/../../../build"
  deletion_protection  = false
  log_retention_days   = 7
  network              = module.private_network.network
  permissions_boundary = null
}

module "private_network" {
  source = "../../../modules/private_network"

  name               = "workflows-network"
  log_retention_days = 7
  zones              = { us-east-1a = 0, us-east-1b = 1 }
}

module "queue_processor" {
  source = "../../../modules/workflows/queue_processor"

  foundation = module.foundation.foundation
  fifo       = false

  limits = {
    batch_size          = 10
    window_seconds      = 0
    max_concurrency     = 5
    max_receive_count   = 5
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
