# The values of prod, and nothing else: what is the same everywhere is in modules/.
module "foundation" {
  source = "../../modules/foundation"

  name                  = "workflows-prod"
  alarm_emails          = ["platform@example.com"]
  api_url_format        = null
  architecture          = "arm64"
  artifacts             = "${path.root}/../../build"
  canary                = false
  configuration_seconds = 60
  dashboards            = "workflows"
  deletion_protection   = true
  log_retention_days    = 365
  network               = null
  permissions_boundary  = "workflows-prod-boundary"
}

module "approval_workflow" {
  source = "../../modules/workflows/approval_workflow"

  foundation = module.foundation.foundation
  network    = null

  limits = {
    requests_per_second = 20
    burst               = 40
    link_key_days       = 90
  }

  policy = {
    image_parameters = ["/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64"]
    cost_centres     = ["platform", "research"]
    max_hours        = 168
    max_price_usd    = "50.00"
    deadline_seconds = 259200
    reminders        = 3
    warning_seconds  = 3600

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
      ada  = { email = "ada@example.com", principal = "arn:aws:iam::000000000003:user/ada" }
      bert = { email = "bert@example.com", principal = "arn:aws:iam::000000000003:user/bert" }
      cleo = { email = "cleo@example.com", principal = "arn:aws:iam::000000000003:user/cleo" }
      dana = { email = "dana@example.com", principal = "arn:aws:iam::000000000003:user/dana" }
    }
  }
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

module "gitops_pipeline" {
  source = "../../modules/workflows/gitops_pipeline"

  foundation        = module.foundation.foundation
  approvals         = module.approval_workflow.decisions
  subscriber_emails = ["platform@example.com"]

  repository = {
    name   = "source"
    github = null
  }

  target = {
    name           = "workflows-prod"
    plan_role_arn  = "arn:aws:iam::000000000003:role/deploy-workflows-prod-plan"
    apply_role_arn = "arn:aws:iam::000000000003:role/deploy-workflows-prod-apply"
  }

  limits = {
    scan_minutes       = 15
    build_minutes      = 15
    plan_minutes       = 15
    apply_minutes      = 45
    smoke_test_minutes = 10
    queued_minutes     = 15
  }

  settings = {
    lease_seconds = 266400
    canary        = [{ percent = 5, minutes = 15 }, { percent = 25, minutes = 30 }]

    branches = {
      "production" = { environment = "prod", protected = true, approvers = ["bert", "cleo", "dana"], needed = 2 }
    }

    thresholds = {
      policy_scan      = "HIGH"
      secret_scan      = "LOW"
      dependency_audit = "HIGH"
      unit_tests       = "LOW"
    }
  }
}

module "idle_resources" {
  source = "../../modules/workflows/idle_resources"

  foundation      = module.foundation.foundation
  recipients      = { operators = "platform@example.com" }
  volume_key_arns = []

  schedule = {
    expression       = "rate(15 minutes)"
    time_zone        = "UTC"
    flexible_minutes = 0
  }

  settings = {
    dry_run      = true
    veto_minutes = 60
    opt_out_tag  = "keep-until"
    owner_tag    = "owner"

    calendars = {
      office = {
        time_zone = "Europe/Berlin"
        working   = { mon-fri = "07:00-19:00" }
        holidays  = ["2026-12-25", "2026-12-26", "2027-01-01"]
      }
    }

    idle = {
      cpu_percent      = 5
      network_bytes    = 1000000
      hours            = 24
      min_datapoints   = 20
      min_uptime_hours = 24
    }

    limits = {
      max_count   = 50
      max_gib     = 0
      max_percent = 20
    }

    prices = {
      "t3.micro"  = "0.0104"
      "t3a.micro" = "0.0094"
      "t3.small"  = "0.0208"
      "m5.large"  = "0.096"
      "m5a.large" = "0.086"
      "m6i.large" = "0.096"
    }

    other_types = {
      "t3.micro" = ["t3a.micro", "t3.small"]
      "m5.large" = ["m5a.large", "m6i.large"]
    }
  }
}

module "notifications" {
  source = "../../modules/workflows/notifications"

  foundation = module.foundation.foundation
  events     = ["builds", "costs", "health", "instances", "machines", "volumes"]

  limits = {
    batch_size          = 5
    max_concurrency     = 2
    max_receive_count   = 20
    max_backoff_seconds = 900
    timeout_seconds     = 60
    post_seconds        = 8
    keep_seconds        = 60
  }

  settings = {
    owner_tag         = "owner"
    duplicate_seconds = 300

    channels = {
      engineering = "teams"
      operations  = "slack"
    }

    storm = {
      limit   = 20
      seconds = 300
    }

    routes = [
      { name = "builds", kinds = ["build"], min_severity = "warning", channels = ["engineering", "operations"] },
      { name = "bad news", min_severity = "warning", channels = ["engineering", "operations"] },
      { name = "everything else", channels = [] },
    ]
  }

  topics = {
    alarms            = { arn = module.foundation.foundation.alarm_topic_arn, without_kinds = [] }
    approval_workflow = { arn = module.approval_workflow.approval_workflow.topic_arn, without_kinds = ["approval_asked", "reminder"] }
    etl_pipeline      = { arn = module.etl_pipeline.etl_pipeline.topic_arn, without_kinds = [] }
    gitops_pipeline   = { arn = module.gitops_pipeline.gitops_pipeline.topic_arn, without_kinds = [] }
    idle_resources    = { arn = module.idle_resources.idle_resources.topic_arn, without_kinds = [] }
    snapshot_backup   = { arn = module.snapshot_backup.snapshot_backup.topic_arn, without_kinds = [] }
    volume_cleanup    = { arn = module.volume_cleanup.volume_cleanup.topic_arn, without_kinds = [] }
  }

  web = {
    loopback = false
  }

  webhooks = {
    max_age_days = 180
    issuer_arn   = null
    days         = 90
  }
}

module "overview" {
  source = "../../modules/dashboard"

  foundation = module.foundation.foundation

  parts = [
    module.approval_workflow.monitoring,
    module.etl_pipeline.monitoring,
    module.gitops_pipeline.monitoring,
    module.idle_resources.monitoring,
    module.notifications.monitoring,
    module.queue_processor.monitoring,
    module.resource_tagging.monitoring,
    module.snapshot_backup.monitoring,
    module.volume_cleanup.monitoring,
  ]
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

module "resource_tagging" {
  source = "../../modules/workflows/resource_tagging"

  foundation = module.foundation.foundation

  limits = {
    concurrency  = 5
    silent_hours = 3
  }

  schedule = {
    expression       = "rate(1 hour)"
    time_zone        = "UTC"
    flexible_minutes = 0
  }

  settings = {
    dry_run              = true
    owner_tag            = "owner"
    min_coverage_percent = 95
  }
}

module "snapshot_backup" {
  source = "../../modules/workflows/snapshot_backup"

  foundation      = module.foundation.foundation
  recipients      = { operators = "platform@example.com" }
  silent_hours    = 28
  volume_key_arns = []

  schedules = {
    backup = { expression = "cron(0 3 * * ? *)", flexible_minutes = 15 }
    drill  = { expression = "cron(0 10 ? * 2#1 *)", flexible_minutes = 0 }
  }

  settings = {
    dry_run      = true
    time_zone    = "Europe/Berlin"
    copy_region  = "us-west-2"
    copy_kms_key = ""
    workers      = 4

    policies = {
      standard = { daily = 7, weekly = 4, monthly = 12, rpo_hours = 26 }
    }

    limits = {
      max_count   = 500
      max_gib     = 20000
      max_percent = 20
    }

    prices = {
      snapshot = "0.05"
    }
  }
}

module "volume_cleanup" {
  source = "../../modules/workflows/volume_cleanup"

  foundation = module.foundation.foundation
  recipients = { operators = "platform@example.com" }

  schedule = {
    expression       = "cron(0 9 * * ? *)"
    time_zone        = "Europe/Berlin"
    flexible_minutes = 15
  }

  settings = {
    dry_run           = true
    min_detached_days = 30
    grace_days        = 14
    opt_out_tag       = "keep-until"
    owner_tag         = "owner"
    workers           = 4

    limits = {
      max_count   = 100
      max_gib     = 10000
      max_percent = 10
    }

    prices = {
      gp2      = "0.10"
      gp3      = "0.08"
      io1      = "0.125"
      io2      = "0.125"
      sc1      = "0.015"
      st1      = "0.045"
      standard = "0.05"
    }
  }
}
