# modules/bucket: closed, encrypted, versioned, logged, whatever it is for.
# The real provider, so that plans hold real policies; nothing here calls AWS.
provider "aws" {
  region                      = "us-east-1"
  access_key                  = "000000000000"
  secret_key                  = "test"
  skip_credentials_validation = true
  skip_requesting_account_id  = true
}

variables {
  name        = "sample_files"
  expirations = { runs = 7 }
}

run "a_safe_bucket_by_default" {
  command = plan

  module {
    source = "../../modules/bucket"
  }

  assert {
    condition     = aws_s3_bucket.this.bucket == "sample-test-sample-files-000000000000-us-east-1" && !aws_s3_bucket.this.force_destroy
    error_message = "What is kept must outlive `terraform destroy`."
  }

  assert {
    condition     = aws_s3_bucket_versioning.this.versioning_configuration[0].status == "Enabled"
    error_message = "An object must not replace the one that somebody reads."
  }

  assert {
    condition     = one(one(aws_s3_bucket_server_side_encryption_configuration.this.rule).apply_server_side_encryption_by_default).kms_master_key_id == var.foundation.kms_key_arn
    error_message = "Objects must be encrypted with the foundation's key."
  }

  assert {
    condition     = alltrue([for block in [aws_s3_bucket_public_access_block.this] : block.block_public_acls && block.block_public_policy && block.ignore_public_acls && block.restrict_public_buckets])
    error_message = "The bucket must not be public in any way."
  }

  assert {
    condition     = aws_s3_bucket_logging.this.target_bucket == "sample-test-access-logs" && !aws_s3_bucket_notification.this.eventbridge
    error_message = "Accesses must be logged, and events are for those who ask for them."
  }

  assert {
    condition     = [for rule in aws_s3_bucket_lifecycle_configuration.this.rule : rule.filter[0].prefix if try(rule.expiration[0].days, 0) > 0] == ["runs/"]
    error_message = "What was named expires, and nothing else does."
  }

  assert {
    condition     = output.arn == "arn:aws:s3:::${output.name}"
    error_message = "Policies are written before the bucket is there."
  }
}

run "tells_eventbridge_on_demand" {
  command = plan

  module {
    source = "../../modules/bucket"
  }

  variables {
    eventbridge = true
  }

  assert {
    condition     = aws_s3_bucket_notification.this.eventbridge
    error_message = "Whoever asks for events must get them."
  }
}

run "refuses_first" {
  command = plan

  module {
    source = "../../modules/bucket"
  }

  variables {
    # A name with capitals.
    name = "Sample"

    # Half a day.
    expirations = { runs = 0.5 }

    # Versions that go at once.
    old_versions_days = 0
  }

  expect_failures = [var.name, var.expirations, var.old_versions_days]
}

run "refuses_second" {
  command = plan

  module {
    source = "../../modules/bucket"
  }

  variables {
    # A name too long for a bucket.
    name = "sample_files_of_a_name_that_is_long"
  }

  expect_failures = [var.name]
}
