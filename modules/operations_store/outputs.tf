# Where things are, and what may be granted on them.
output "environment" {
  description = "The variables that the functions of every operations workflow know the store by."
  value = {
    BUCKET       = module.bucket.name
    LEDGER_TABLE = aws_dynamodb_table.ledger.name
  }
}

output "permissions" {
  description = "Permissions as `modules/lambda_function` takes them, by what they are for, to be merged."
  value       = local.permissions
}

output "plans_arn" {
  description = "ARN of the plans in the bucket, which a machine's map reads."
  value       = "${module.bucket.arn}/plans/*"
}

output "settings_parameter" {
  description = "Name of the parameter that holds the settings."
  value       = aws_ssm_parameter.settings.name
}

output "topic_arn" {
  description = "ARN of the topic that people are told by."
  value       = module.topic.arn
}
