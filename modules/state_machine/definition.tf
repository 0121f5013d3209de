# What the definition says: its states however deep they nest, what they call, and the text with ARNs filled in.
locals {
  text         = file(var.definition)
  placeholders = toset(flatten(regexall("\"\\$\\{(\\w+)\\}\"", local.text)))

  # HCL has no recursion, so each level of Map and Parallel takes two steps; `unseen_calls` tells when five do not reach.
  states_1 = [for name, state in jsondecode(local.text).States : merge(state, { Name = name })]
  parts_2  = flatten([for state in local.states_1 : concat(try([state.ItemProcessor], []), try(state.Branches, []))])
  states_2 = flatten([for part in local.parts_2 : [for name, state in part.States : merge(state, { Name = name })]])
  parts_3  = flatten([for state in local.states_2 : concat(try([state.ItemProcessor], []), try(state.Branches, []))])
  states_3 = flatten([for part in local.parts_3 : [for name, state in part.States : merge(state, { Name = name })]])
  parts_4  = flatten([for state in local.states_3 : concat(try([state.ItemProcessor], []), try(state.Branches, []))])
  states_4 = flatten([for part in local.parts_4 : [for name, state in part.States : merge(state, { Name = name })]])
  parts_5  = flatten([for state in local.states_4 : concat(try([state.ItemProcessor], []), try(state.Branches, []))])
  states_5 = flatten([for part in local.parts_5 : [for name, state in part.States : merge(state, { Name = name })]])
  states   = concat(local.states_1, local.states_2, local.states_3, local.states_4, local.states_5)

  # A Task, and the reader or writer of a Map, name an integration and its arguments in the same way.
  callers = flatten([
    for state in local.states : [
      for caller in [state, try(state.ItemReader, {}), try(state.ResultWriter, {})] : merge(caller, { Name = state.Name })
      if can(caller.Resource)
    ]
  ])

  calls = [
    for caller in local.callers : {
      state       = caller.Name
      resource    = caller.Resource
      integration = replace(try(regex("^arn:[^:]+:states:::(.+)$", caller.Resource)[0], caller.Resource), ".waitForTaskToken", "")
      arguments   = jsonencode(try(caller.Arguments, caller.Parameters, {}))
    }
  ]

  distributed  = [for state in local.states : state.Name if try(state.ItemProcessor.ProcessorConfig.Mode, "INLINE") == "DISTRIBUTED"]
  unseen_calls = length(regexall("\"Resource\"\\s*:\\s*\"", local.text)) - length(local.calls)

  # Terraform knows everything by its ARN; S3, CodeBuild and CodeCommit ask for a name, SQS for an address.
  rendered = templatefile(var.definition, {
    for placeholder, arn in var.resources : placeholder => (
      can(regex("^arn:[^:]+:s3:::", arn)) ? local.targets[placeholder].bucket_name :
      can(regex("^arn:[^:]+:sqs:", arn)) ? local.targets[placeholder].queue_url :
      can(regex("^arn:[^:]+:codebuild:", arn)) ? local.targets[placeholder].project :
      can(regex("^arn:[^:]+:codecommit:", arn)) ? local.targets[placeholder].repository :
      arn
    )
  })
}
