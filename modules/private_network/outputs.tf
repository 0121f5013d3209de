# What whoever places something in the network needs to know.
output "network" {
  description = "Value of the foundation's `network`: every function runs in these subnets, once endpoints and rules are there."
  value = {
    subnet_ids         = toset(values(aws_subnet.private)[*].id)
    security_group_ids = toset([aws_security_group.functions.id])
    internet           = false
  }
  depends_on = [
    aws_route_table_association.private,
    aws_vpc_endpoint.gateway,
    aws_vpc_endpoint.interface,
    aws_vpc_security_group_egress_rule.endpoints,
    aws_vpc_security_group_egress_rule.gateways,
    aws_vpc_security_group_ingress_rule.endpoints,
  ]
}

output "vpc_id" {
  description = "Id of the VPC."
  value       = aws_vpc.this.id
}
