# What people, tests and the operator commands need to know of this environment.
output "approval_workflow" {
  description = "Names, addresses and ARNs of the approval workflow's parts."
  value       = module.approval_workflow.approval_workflow
}

output "etl_pipeline" {
  description = "Names and ARNs of the ETL pipeline's parts."
  value       = module.etl_pipeline.etl_pipeline
}

output "foundation" {
  description = "What every workflow of this environment leans on."
  value       = module.foundation.foundation
}

output "queue_processor" {
  description = "Names, addresses and ARNs of the queue processor's parts."
  value       = module.queue_processor.queue_processor
}
