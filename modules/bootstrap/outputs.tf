# What the environment's own configuration and the GitHub workflows have to be told.
output "boundary" {
  description = "Name of the policy for `permissions_boundary` of the foundation."
  value       = aws_iam_policy.boundary.name
}

output "role_arns" {
  description = "ARN of the role for each GitHub job: `plan` and `apply`."
  value       = { for job, role in aws_iam_role.deploy : job => role.arn }
}

output "state_bucket" {
  description = "Name of the bucket for the S3 backend."
  value       = aws_s3_bucket.state.bucket
}
