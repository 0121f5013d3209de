# What is drawn of the machine: how executions end, how long they take, throttles, and about what they cost.
locals {
  # The list price of us-east-1, as if each execution went through each state once: https://aws.amazon.com/step-functions/pricing/
  usd_per_execution = length(local.states) * 0.000025
  timeout_seconds   = try(jsondecode(local.text).TimeoutSeconds, null)

  outcomes = {
    succeeded = "ExecutionsSucceeded"
    failed    = "ExecutionsFailed"
    timed_out = "ExecutionsTimedOut"
    aborted   = "ExecutionsAborted"
  }

  drawn = concat(
    [for outcome, metric in local.outcomes : { topic = "executions", part = outcome, metric = metric, statistic = "Sum", factor = 1 }],
    [for outcome, metric in local.outcomes : { topic = "errors", part = "", metric = metric, statistic = "Sum", factor = 1 } if outcome != "succeeded"],
    [for seconds in local.timeout_seconds[*] : { topic = "duration", part = "", metric = "ExecutionTime", statistic = "Maximum", factor = 100 / (seconds * 1000) }],
    [
      { topic = "throttles", part = "", metric = "ExecutionThrottled", statistic = "Sum", factor = 1 },
      { topic = "traffic", part = "", metric = "ExecutionsStarted", statistic = "Sum", factor = 1 },
      { topic = "cost", part = "", metric = "ExecutionsStarted", statistic = "Sum", factor = local.usd_per_execution },
    ],
  )
}
