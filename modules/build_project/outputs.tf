# What others need: the project to start, and names to look things up by.
output "arn" {
  description = "ARN of the project."
  value       = aws_codebuild_project.this.arn
}

output "log_group_name" {
  description = "Name of the log group of the project's builds."
  value       = aws_cloudwatch_log_group.this.name
}

output "monitoring" {
  description = "What `modules/monitoring` watches and draws of the project."
  value = {
    alarms = { for alarm in values(aws_cloudwatch_metric_alarm.failed_builds) : alarm.alarm_name => alarm.arn }
    logs   = [{ kind = "build", name = aws_cloudwatch_log_group.this.name }]

    series = [for each in local.drawn : merge(each, {
      label      = var.name
      namespace  = "AWS/CodeBuild"
      dimensions = { ProjectName = local.project_name }
    })]
  }
}

output "name" {
  description = "The project's name in AWS."
  value       = aws_codebuild_project.this.name
}

output "role_name" {
  description = "Name of the role that builds run as."
  value       = aws_iam_role.this.name
}
