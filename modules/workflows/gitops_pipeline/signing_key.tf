# The key that signs what a build made: only builds may sign, whatever else somebody of this account is allowed.
resource "aws_kms_key" "signing" {
  description              = "Signs the manifests of ${local.workflow}."
  customer_master_key_spec = "ECC_NIST_P256"
  key_usage                = "SIGN_VERIFY"
  deletion_window_in_days  = var.foundation.deletion_protection ? 30 : 7
  policy                   = data.aws_iam_policy_document.signing_key.json
}

resource "aws_kms_alias" "signing" {
  name          = "alias/${local.workflow}"
  target_key_id = aws_kms_key.signing.key_id
}

data "aws_iam_policy_document" "signing_key" {
  #checkov:skip=CKV_AWS_109:A key policy's root statement is what lets IAM policies of this account decide at all.
  #checkov:skip=CKV_AWS_111:In a key policy the resource "*" means this key.
  #checkov:skip=CKV_AWS_356:In a key policy the resource "*" means this key.
  statement {
    sid       = "LetThisAccountsPoliciesDecide"
    actions   = ["kms:*"]
    resources = ["*"]

    principals {
      type        = "AWS"
      identifiers = ["arn:${var.foundation.partition}:iam::${var.foundation.account_id}:root"]
    }
  }

  # Denied to an account, it is denied to everybody in it.
  # https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html#principal-accounts
  statement {
    sid       = "SignAsTheBuildOnly"
    effect    = "Deny"
    actions   = ["kms:Sign"]
    resources = ["*"]

    principals {
      type        = "AWS"
      identifiers = ["arn:${var.foundation.partition}:iam::${var.foundation.account_id}:root"]
    }

    condition {
      test     = "ArnNotEquals"
      variable = "aws:PrincipalArn"
      values   = ["arn:${var.foundation.partition}:iam::${var.foundation.account_id}:role/${local.workflow}-build"]
    }
  }
}
