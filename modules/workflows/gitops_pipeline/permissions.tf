# What several of the functions and builds may do; each takes of it what it needs.
locals {
  # `arn:aws:SERVICE:REGION:ACCOUNT`, ready for a colon and a resource.
  arn = {
    for service in ["cloudwatch", "dynamodb", "lambda", "ssm", "states"] :
    service => "arn:${var.foundation.partition}:${service}:${var.foundation.region}:${var.foundation.account_id}"
  }

  bucket_arn     = module.bucket.arn
  executions_arn = "${local.arn.states}:execution:${local.workflow}:*"
  ledger_arn     = "${local.arn.dynamodb}:table/${local.workflow}-ledger"
  machine_arn    = "${local.arn.states}:stateMachine:${local.workflow}"

  # All that is deployed carries this at the beginning of its name.
  target_prefix = "${var.target.name}-"
  functions_arn = "${local.arn.lambda}:function:${local.target_prefix}*"

  # Whoever is granted what the key protects may use it only through the service.
  use_key = {
    for sid, use in {
      ReadWithTheKey     = { service = "s3", actions = ["kms:Decrypt"] }
      WriteWithTheKey    = { service = "s3", actions = ["kms:GenerateDataKey"] }
      UseTheKeyForLedger = { service = "dynamodb", actions = ["kms:Decrypt"] }
      UseTheKeyForSource = { service = "codecommit", actions = ["kms:Decrypt"] }
      } : sid => {
      (sid) = {
        actions    = use.actions
        resources  = [var.foundation.kms_key_arn]
        conditions = [{ test = "StringEquals", variable = "kms:ViaService", values = ["${use.service}.${var.foundation.region}.amazonaws.com"] }]
      }
    }
  }

  # Whoever changes the lock or an entry proves by a condition that nothing has changed meanwhile.
  prolong_lease = merge(local.use_key.UseTheKeyForLedger, {
    ProlongLease = { actions = ["dynamodb:UpdateItem"], resources = [local.ledger_arn] }
  })

  read_artifacts = merge(local.use_key.ReadWithTheKey, {
    ReadArtifacts = { actions = ["s3:GetObject"], resources = ["${local.bucket_arn}/artifacts/*"] }
  })
}
