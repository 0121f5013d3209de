# What the tests need to know of this environment.
output "foundation" {
  description = "What every workflow of this environment leans on."
  value       = module.foundation.foundation
}

output "queue_processor" {
  description = "Names, addresses and ARNs of the queue processor's parts."
  value       = module.queue_processor.queue_processor
}
