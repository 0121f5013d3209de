# The values of local, and nothing else: what is the same everywhere is in modules/.
module "foundation" {
  source = "../../modules/foundation"

  name                 = "workflows-local"
  alarm_emails         = []
  api_url_format       = "http://127.0.0.1:4566/_aws/execute-api/%s/%s"
  architecture         = "arm64"
  artifacts            = "${path.root}/../../build"
  deletion_protection  = false
  log_retention_days   = 7
  permissions_boundary = null
}

module "approval_workflow" {
  source = "../../modules/workflows/approval_workflow"

  foundation = module.foundation.foundation
  network    = null

  limits = {
    requests_per_second = 100
    burst               = 200
    link_key_days       = 90
  }

  policy = {
    image_parameters = ["/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64"]
    cost_centres     = ["platform", "research"]
    max_hours        = 72
    max_price_usd    = "5.00"
    deadline_seconds = 86400
    reminders        = 3
    warning_seconds  = 600

    approvals = {
      needed = 2
      from   = ["bert", "cleo", "dana"]
    }

    instance_types = [
      { type = "t3.micro", usd_per_hour = "0.0104" },
      { type = "t3a.micro", usd_per_hour = "0.0094" },
      { type = "t3.small", usd_per_hour = "0.0208" },
    ]

    people = {
      ada  = { email = "ada@example.com", principal = "arn:aws:iam::000000000000:user/ada" }
      bert = { email = "bert@example.com", principal = "arn:aws:iam::000000000000:user/bert" }
      cleo = { email = "cleo@example.com", principal = "arn:aws:iam::000000000000:user/cleo" }
      dana = { email = "dana@example.com", principal = "arn:aws:iam::000000000000:user/dana" }
    }
  }
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
