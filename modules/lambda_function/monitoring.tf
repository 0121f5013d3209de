# What is drawn of the function: calls, errors, time against the time-out, throttles, and about what it costs.
locals {
  # List prices of us-east-1, to see what is dear and what grows; no bill. https://aws.amazon.com/lambda/pricing/
  usd_per_gb_second = { arm64 = 0.0000133334, x86_64 = 0.0000166667 }[var.foundation.architecture]
  usd_per_call      = 0.0000002

  drawn = [
    { topic = "traffic", metric = "Invocations", statistic = "Sum", factor = 1 },
    { topic = "errors", metric = "Errors", statistic = "Sum", factor = 1 },
    { topic = "throttles", metric = "Throttles", statistic = "Sum", factor = 1 },
    { topic = "duration", metric = "Duration", statistic = "Maximum", factor = 100 / (var.limits.timeout_seconds * 1000) },
    { topic = "cost", metric = "Duration", statistic = "Sum", factor = var.limits.memory_mb / 1024 / 1000 * local.usd_per_gb_second },
    { topic = "cost", metric = "Invocations", statistic = "Sum", factor = local.usd_per_call },
  ]
}
