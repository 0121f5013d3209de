# What is drawn of the project: builds, failures, time against the limit, and about what it costs.
locals {
  # List prices of Linux on x86_64 in us-east-1; ARM costs less. https://aws.amazon.com/codebuild/pricing/
  usd_per_minute = { small = 0.005, medium = 0.01, large = 0.02 }[var.limits.compute]

  drawn = [
    { topic = "traffic", metric = "Builds", statistic = "Sum", factor = 1 },
    { topic = "errors", metric = "FailedBuilds", statistic = "Sum", factor = 1 },
    { topic = "duration", metric = "Duration", statistic = "Maximum", factor = 100 / (var.limits.timeout_minutes * 60) },
    { topic = "cost", metric = "Duration", statistic = "Sum", factor = local.usd_per_minute / 60 },
  ]
}
