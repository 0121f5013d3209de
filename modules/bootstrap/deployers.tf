# Who deploys: a role that plans and a role that applies, each for the GitHub jobs and the pipeline's builds of that name alone.
locals {
  pipeline = coalesce(var.pipeline, var.name)
}

resource "aws_iam_role" "deploy" {
  for_each = local.subjects

  name                 = "deploy-${var.name}-${each.key}" # not by the prefix that the apply role may manage
  description          = "Lets GitHub Actions and the GitOps pipeline ${each.key} ${var.name}."
  assume_role_policy   = data.aws_iam_policy_document.trust[each.key].json
  max_session_duration = 3600
  depends_on           = [aws_iam_openid_connect_provider.github] # whom the trust names
}

data "aws_iam_policy_document" "trust" {
  for_each = local.subjects

  dynamic "statement" {
    for_each = local.github

    content {
      sid     = "BecomeByToken"
      actions = ["sts:AssumeRoleWithWebIdentity"]

      principals {
        type        = "Federated"
        identifiers = ["${local.iam}:oidc-provider/${local.issuer}"]
      }

      condition {
        test     = "StringEquals"
        variable = "${local.issuer}:aud"
        values   = ["sts.amazonaws.com"]
      }

      condition {
        test     = "StringEquals"
        variable = "${local.issuer}:sub"
        values   = each.value
      }
    }
  }

  # The account stands for roles that are made later than these; of them it means one.
  # https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-principalarn
  statement {
    sid     = "BecomeByBuild"
    actions = ["sts:AssumeRole"]

    principals {
      type        = "AWS"
      identifiers = ["${local.iam}:root"]
    }

    condition {
      test     = "ArnEquals"
      variable = "aws:PrincipalArn"
      values   = ["${local.iam}:role/${local.pipeline}-gitops-pipeline-${each.key}"]
    }
  }
}
