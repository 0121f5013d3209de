# What the tests need to know of this environment.
output "foundation" {
  description = "What every workflow of this environment leans on."
  value       = module.foundation.foundation
}

output "private_network" {
  description = "The network's parts."
  value       = module.private_network
}

output "queue_processor" {
  description = "Names, addresses and ARNs of the queue processor's parts."
  value       = module.queue_processor.queue_processor
}
