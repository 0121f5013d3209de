# What the other environments and the GitHub workflows have to be told.
output "bootstrap" {
  description = "The state bucket, the boundary and the deploy roles of the selected account."
  value       = module.bootstrap
}
