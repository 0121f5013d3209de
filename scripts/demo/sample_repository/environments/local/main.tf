# The values of local, and nothing else: what is the same everywhere is in modules/.
module "foundation" {
  source = "../../modules/foundation"

  name                 = "workflows-sample"
  alarm_emails         = []
  api_url_format       = null
  architecture         = "arm64"
  artifacts            = "${path.root}/../../build"
  canary               = true
  deletion_protection  = false
  log_retention_days   = 7
  permissions_boundary = "workflows-sample-boundary"
}

module "greeter" {
  source = "../../modules/lambda_function"

  foundation  = module.foundation.foundation
  name        = "greeter"
  description = "Greets people by their names."
  package     = "greeter"
  handler     = "greeter.handlers.greet.handler"

  alarms = {
    runbook = "Look for the newest deployment, and push the commit before it again."
  }

  environment = {
    GREETING = "Hello, {name}!"
  }
}
