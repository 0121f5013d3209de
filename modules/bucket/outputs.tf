# What others need to know of the bucket.
output "arn" {
  description = "ARN of the bucket; known before the bucket is there."
  value       = "arn:${var.foundation.partition}:s3:::${local.bucket_name}"
}

output "name" {
  description = "Name of the bucket, once it keeps versions and refuses plain HTTP."
  value       = aws_s3_bucket.this.bucket
  depends_on  = [aws_s3_bucket_policy.this, aws_s3_bucket_versioning.this]
}
