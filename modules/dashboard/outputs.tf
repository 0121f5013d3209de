# A name to look the dashboard up by.
output "name" {
  description = "The dashboard's name in AWS."
  value       = aws_cloudwatch_dashboard.this.dashboard_name
}
