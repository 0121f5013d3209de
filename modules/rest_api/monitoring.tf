# What is drawn of the API: calls, failures, time against what API Gateway waits, and about what it costs.
locals {
  # The list price of us-east-1: https://aws.amazon.com/api-gateway/pricing/
  usd_per_call = 0.0000035

  drawn = [
    { topic = "traffic", metric = "Count", statistic = "SampleCount", factor = 1 },
    { topic = "errors", metric = "5XXError", statistic = "Sum", factor = 1 },
    { topic = "duration", metric = "Latency", statistic = "Maximum", factor = 100 / local.integration_limit_ms },
    { topic = "cost", metric = "Count", statistic = "SampleCount", factor = local.usd_per_call },
  ]
}
