# The traces that went through the workflow: https://docs.aws.amazon.com/xray/latest/devguide/xray-console-groups.html
resource "aws_xray_group" "this" {
  group_name        = trimsuffix(substr(local.workflow, 0, 32), "-") # the longest that X-Ray takes
  filter_expression = join(" OR ", [for name in distinct(flatten(var.blocks[*].services)) : "service(\"${name}\")"])
}
