# What is drawn of the queue: messages, how long they wait, and how many could not be processed.
locals {
  drawn = [
    { topic = "traffic", queue = local.queue_name, metric = "NumberOfMessagesSent", statistic = "Sum" },
    { topic = "age", queue = local.queue_name, metric = "ApproximateAgeOfOldestMessage", statistic = "Maximum" },
    { topic = "waiting", queue = local.failures_name, metric = "ApproximateNumberOfMessagesVisible", statistic = "Maximum" },
  ]
}
