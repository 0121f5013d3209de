# Who may talk to whom: functions to endpoints, over TLS, and nobody else to anybody.
resource "aws_security_group" "functions" {
  #checkov:skip=CKV2_AWS_5:Lambda attaches it to the functions' network interfaces.
  name        = "${var.name}-functions"
  description = "Nothing comes in; HTTPS goes out, to endpoints of AWS's services."
  vpc_id      = aws_vpc.this.id
}

resource "aws_security_group" "endpoints" {
  name        = "${var.name}-endpoints"
  description = "HTTPS comes in from functions; nothing goes out."
  vpc_id      = aws_vpc.this.id
}

resource "aws_vpc_security_group_ingress_rule" "endpoints" {
  security_group_id            = aws_security_group.endpoints.id
  description                  = "Functions that call a service."
  referenced_security_group_id = aws_security_group.functions.id
  ip_protocol                  = "tcp"
  from_port                    = 443
  to_port                      = 443
}

resource "aws_vpc_security_group_egress_rule" "endpoints" {
  security_group_id            = aws_security_group.functions.id
  description                  = "Services that have an endpoint in the subnets."
  referenced_security_group_id = aws_security_group.endpoints.id
  ip_protocol                  = "tcp"
  from_port                    = 443
  to_port                      = 443
}

resource "aws_vpc_security_group_egress_rule" "gateways" {
  for_each = aws_vpc_endpoint.gateway

  security_group_id = aws_security_group.functions.id
  description       = "The addresses of ${each.key} in this region, which the route table leads to its endpoint."
  prefix_list_id    = each.value.prefix_list_id
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
}

# A VPC comes with a group whose members may talk to each other and to everybody: with no rules, to nobody.
resource "aws_default_security_group" "closed" {
  vpc_id = aws_vpc.this.id
}
