# How GitHub Actions becomes a deploy role without any stored secret, where a repository there deploys.
# https://docs.github.com/actions/security-for-github-actions/security-hardening-your-deployments/configuring-openid-connect-in-amazon-web-services
locals {
  issuer = "token.actions.githubusercontent.com"
  github = { for repository in var.repository[*] : "github" => repository }

  # Who may take which role: a plan is for anybody who may open a pull request, an apply for the protected environment.
  subjects = {
    plan  = flatten([for repository in values(local.github) : ["repo:${repository}:pull_request", "repo:${repository}:ref:refs/heads/main"]])
    apply = [for repository in values(local.github) : "repo:${repository}:environment:${var.environment}"]
  }
}

resource "aws_iam_openid_connect_provider" "github" {
  for_each = local.github

  url            = "https://${local.issuer}"
  client_id_list = ["sts.amazonaws.com"]
}

moved {
  from = aws_iam_openid_connect_provider.github
  to   = aws_iam_openid_connect_provider.github["github"]
}
