# What people and tests need to know of this environment.
output "foundation" {
  description = "What every function of this environment leans on."
  value       = module.foundation.foundation
}

output "greeter" {
  description = "Names and ARNs of the greeter's parts."
  value       = module.greeter
}
