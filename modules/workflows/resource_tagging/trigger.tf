# What is tagged: whatever CloudTrail says was made on EC2, unless the call failed, and an image's snapshots when it has them.
module "trigger" {
  source = "../../event_trigger"

  name        = "resource_tagging"
  description = "Resources that were made on EC2 are tagged with their owner."
  foundation  = var.foundation
  target      = { kind = "function", arn = module.function["tag_resources"].arn }
  runbook     = "See in the queue why the function was not called, mend it, then send the events again."

  # They come only where a trail records management events that write; without one nothing is tagged.
  # https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-service-event-cloudtrail.html
  event_pattern = jsonencode({
    source = ["aws.ec2"]

    "$or" = [
      {
        detail-type = ["AWS API Call via CloudTrail"]

        detail = {
          eventSource = ["ec2.amazonaws.com"]
          errorCode   = [{ exists = false }]

          eventName = [
            "CopyImage",
            "CopySnapshot",
            "CreateImage",
            "CreateNetworkInterface",
            "CreateSnapshot",
            "CreateSnapshots",
            "CreateVolume",
            "RegisterImage",
            "RunInstances",
          ]
        }
      },
      {
        detail-type = ["EC2 AMI State Change"]
        detail      = { State = ["available"] }
      },
    ]
  })
}
