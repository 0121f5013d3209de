# The builds, one project for each task: each runs what was pushed, so all that it can do is what its role may. A build cannot
# deploy, a deploy cannot push, and no scan can write another's report.
locals {
  scans      = ["policy_scan", "secret_scan", "dependency_audit", "unit_tests"]
  buildspecs = "modules/workflows/gitops_pipeline/buildspecs" # in the repository that is built

  scan_descriptions = {
    policy_scan      = "Scans the Terraform of a commit for what breaks its policies."
    secret_scan      = "Scans the files of a commit for secrets."
    dependency_audit = "Looks for known vulnerabilities in the libraries of a commit."
    unit_tests       = "Runs the unit tests of a commit."
  }

  scan_projects = {
    for scan in local.scans : scan => {
      description = local.scan_descriptions[scan]
      minutes     = var.limits.scan_minutes
      concurrent  = null
      environment = local.bucket

      permissions = merge(local.use_key.WriteWithTheKey, {
        WriteReport = { actions = ["s3:PutObject"], resources = ["${local.bucket_arn}/runs/*/reports/${scan}.json"] }
      })
    }
  }

  projects = merge(local.scan_projects, {
    build = {
      description = "Makes the artifacts of a commit and a signed manifest of them."
      minutes     = var.limits.build_minutes
      concurrent  = null
      environment = merge(local.bucket, { SIGNING_KEY = aws_kms_key.signing.arn })

      permissions = merge(local.use_key.WriteWithTheKey, {
        WriteArtifacts = { actions = ["s3:PutObject"], resources = ["${local.bucket_arn}/artifacts/*"] }
        SignManifest   = { actions = ["kms:Sign"], resources = [aws_kms_key.signing.arn] }
      })
    }

    plan = {
      description = "Plans what a commit and its artifacts would change."
      minutes     = var.limits.plan_minutes
      concurrent  = null
      environment = merge(local.bucket, { DEPLOYER_ROLE_ARN = var.target.plan_role_arn })

      permissions = merge(local.read_artifacts, local.use_key.WriteWithTheKey, {
        WritePlan     = { actions = ["s3:PutObject"], resources = ["${local.bucket_arn}/runs/*/plan.*"] }
        BecomePlanner = { actions = ["sts:AssumeRole"], resources = [var.target.plan_role_arn] }
      })
    }

    # One apply of an environment at a time, even if a build has outlived the run that started it.
    apply = {
      description = "Applies exactly the plan that was made, with exactly the artifacts that were signed."
      minutes     = var.limits.apply_minutes
      concurrent  = length(var.settings.branches)
      environment = merge(local.bucket, { DEPLOYER_ROLE_ARN = var.target.apply_role_arn })

      permissions = merge(local.read_artifacts, {
        ReadPlan      = { actions = ["s3:GetObjectVersion"], resources = ["${local.bucket_arn}/runs/*/plan.tfplan"] }
        BecomeApplier = { actions = ["sts:AssumeRole"], resources = [var.target.apply_role_arn] }
      })
    }

    smoke_test = {
      description = "Tries what was deployed."
      minutes     = var.limits.smoke_test_minutes
      concurrent  = null
      environment = { TARGET_PREFIX = local.target_prefix }

      permissions = {
        CallFunctions   = { actions = ["lambda:InvokeFunction"], resources = [local.functions_arn] }
        LookAtFunctions = { actions = ["lambda:GetFunctionConfiguration"], resources = [local.functions_arn] }
      }
    }
  })
}

module "project" {
  source   = "../../build_project"
  for_each = local.projects

  name        = "gitops_pipeline_${each.key}"
  description = each.value.description
  foundation  = var.foundation
  buildspec   = "${local.buildspecs}/${each.key}.yml"
  environment = each.value.environment
  permissions = each.value.permissions

  source_of = {
    codecommit = { arn = local.repository_arn, clone_url = aws_codecommit_repository.this.clone_url_http }
  }

  limits = {
    timeout_minutes   = each.value.minutes
    queued_minutes    = var.limits.queued_minutes
    concurrent_builds = each.value.concurrent
    compute           = var.limits.compute
  }
}
