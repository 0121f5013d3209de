# The repository whose pushes are deployed.
locals {
  workflow        = "${var.foundation.name}-gitops-pipeline"
  repository_name = "${var.foundation.name}-${var.repository.name}"
  repository_arn  = "arn:${var.foundation.partition}:codecommit:${var.foundation.region}:${var.foundation.account_id}:${local.repository_name}"
}

resource "aws_codecommit_repository" "this" {
  #checkov:skip=CKV2_AWS_37:CodeCommit's approvals are about pull requests; what is deployed to a protected environment people approve in the run.
  repository_name = local.repository_name
  description     = "What is pushed to a branch that ${local.workflow} knows is deployed."
  kms_key_id      = var.foundation.kms_key_arn
}
