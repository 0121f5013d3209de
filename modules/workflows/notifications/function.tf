# The function that tells, with exactly what its code may touch; what polling needs comes with the queue.
locals {
  # The services use the customer key in the caller's name; whoever is granted what it protects may use it through them only.
  use_key = {
    for sid, use in {
      UseTheKeyForClaims    = { service = "dynamodb", actions = ["kms:Decrypt"] }
      UseTheKeyForAddresses = { service = "secretsmanager", actions = ["kms:Decrypt"] }
      UseTheKeyForQueues    = { service = "sqs", actions = ["kms:Decrypt", "kms:GenerateDataKey"] }
      } : sid => {
      actions    = use.actions
      resources  = [var.foundation.kms_key_arn]
      conditions = [{ test = "StringEquals", variable = "kms:ViaService", values = ["${use.service}.${var.foundation.region}.amazonaws.com"] }]
    }
  }

  # One rule for who posts to addresses, and who tries out new ones.
  web = {
    ALLOWED_HOSTS  = join(",", sort(var.web.hosts))
    ALLOW_LOOPBACK = tostring(var.web.loopback)
  }

  permissions = {
    BackOff         = { actions = ["sqs:ChangeMessageVisibility"], resources = [module.queue.arn] }
    Claim           = { actions = ["dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem"], resources = [aws_dynamodb_table.claims.arn] }
    FindOwners      = { actions = ["ec2:DescribeTags"], resources = ["*"] } # it has no resource level
    ReadAddresses   = { actions = ["secretsmanager:GetSecretValue"], resources = [module.webhooks.arn] }
    ReadSettings    = { actions = ["ssm:GetParameter"], resources = [aws_ssm_parameter.settings.arn] }
    RemindOfDigests = { actions = ["sqs:SendMessage"], resources = [module.queue.arn] }
    SendFailures    = { actions = ["sqs:SendMessage"], resources = [module.queue.failure_queue_arn] }
  }
}

module "function" {
  source = "../../lambda_function"

  name        = "notifications_send_notifications"
  description = "Tells what happens in Slack and Microsoft Teams, once, to whom it concerns."
  foundation  = var.foundation
  package     = "notifications"
  handler     = "notifications.handlers.send_notifications.handler"
  permissions = merge(local.permissions, local.use_key)

  calls_internet = true # where Slack and Teams are

  environment = merge(local.web, {
    CLAIMS_TABLE        = aws_dynamodb_table.claims.name
    FAILURE_QUEUE_URL   = module.queue.failure_queue_url
    KEEP_SECONDS        = var.limits.keep_seconds
    MAX_BACKOFF_SECONDS = var.limits.max_backoff_seconds
    MAX_RECEIVE_COUNT   = var.limits.max_receive_count
    NAME_PREFIX         = var.foundation.name
    POST_SECONDS        = var.limits.post_seconds
    QUEUE_URL           = module.queue.url
    SETTINGS_PARAMETER  = aws_ssm_parameter.settings.name
    WEBHOOKS_SECRET     = module.webhooks.name
  })

  # A batch of slow channels takes all the time there is: what is not begun goes back to the queue.
  alarms = {
    runbook          = "Read the function's log; notifications wait in the queue meanwhile, and those of this alarm with them: look at the e-mails."
    duration_percent = 99
  }

  limits = {
    memory_mb       = var.limits.memory_mb
    timeout_seconds = var.limits.timeout_seconds
  }
}
