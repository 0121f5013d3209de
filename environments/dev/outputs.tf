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

output "gitops_pipeline" {
  description = "Names, addresses and ARNs of the GitOps pipeline's parts."
  value       = module.gitops_pipeline.gitops_pipeline
}

output "idle_resources" {
  description = "Names and ARNs of the idle resources' parts."
  value       = module.idle_resources.idle_resources
}

output "notifications" {
  description = "Names, addresses and ARNs of the notifications' parts."
  value       = module.notifications.notifications
}

output "overview" {
  description = "Name of the dashboard that shows every workflow."
  value       = module.overview.name
}

output "queue_processor" {
  description = "Names, addresses and ARNs of the queue processor's parts."
  value       = module.queue_processor.queue_processor
}

output "resource_tagging" {
  description = "Names of the owner tags' parts."
  value       = module.resource_tagging.resource_tagging
}

output "snapshot_backup" {
  description = "Names and ARNs of the backups' parts."
  value       = module.snapshot_backup.snapshot_backup
}

output "volume_cleanup" {
  description = "Names and ARNs of the volume clean-up's parts."
  value       = module.volume_cleanup.volume_cleanup
}
