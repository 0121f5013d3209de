# What a host is launched with: network, profile, template; and a secret that Terraform never knows.
data "aws_vpc" "default" {
  default = true
}

data "aws_subnets" "default" {
  filter {
    name   = "vpc-id"
    values = [data.aws_vpc.default.id]
  }
}

data "aws_subnet" "default" {
  for_each = toset(data.aws_subnets.default.ids)
  id       = each.value
}

data "aws_ssm_parameter" "image" {
  name = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-arm64"
}

resource "aws_security_group" "hosts" {
  name        = "${var.name}-hosts"
  description = "Hosts"
  vpc_id      = data.aws_vpc.default.id
}

resource "aws_vpc_security_group_egress_rule" "https" {
  security_group_id = aws_security_group.hosts.id
  description       = "Out to AWS"
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
  cidr_ipv4         = "0.0.0.0/0"
}

resource "aws_iam_role" "host" {
  name = "${var.name}-host"
  assume_role_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Principal = { Service = "ec2.amazonaws.com" } }]
  })
}

resource "aws_iam_role_policy_attachment" "host" {
  role       = aws_iam_role.host.name
  policy_arn = "arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore"
}

resource "aws_iam_instance_profile" "host" {
  name = "${var.name}-host"
  role = aws_iam_role.host.name
}

resource "aws_launch_template" "host" {
  name                                 = "${var.name}-host"
  description                          = "Hosts"
  update_default_version               = true
  ebs_optimized                        = true
  instance_type                        = "t4g.micro"
  vpc_security_group_ids               = [aws_security_group.hosts.id]
  instance_initiated_shutdown_behavior = "terminate"

  iam_instance_profile {
    arn = aws_iam_instance_profile.host.arn
  }

  metadata_options {
    http_endpoint               = "enabled"
    http_tokens                 = "required"
    http_put_response_hop_limit = 1
    instance_metadata_tags      = "enabled"
  }

  monitoring {
    enabled = true
  }

  block_device_mappings {
    device_name = "/dev/xvda"

    ebs {
      encrypted             = true
      kms_key_id            = aws_kms_key.this.arn
      volume_type           = "gp3"
      volume_size           = 8
      delete_on_termination = true
    }
  }

  dynamic "tag_specifications" {
    for_each = ["instance", "volume", "network-interface"]

    content {
      resource_type = tag_specifications.value
      tags          = { workflow = var.name }
    }
  }
}

resource "aws_launch_template" "interface" {
  name     = "${var.name}-interface"
  image_id = data.aws_ssm_parameter.image.insecure_value

  network_interfaces {
    device_index                = 0
    associate_public_ip_address = false
    delete_on_termination       = true
    security_groups             = [aws_security_group.hosts.id]
    subnet_id                   = sort(data.aws_subnets.default.ids)[0]
  }

  credit_specification {
    cpu_credits = "standard"
  }

  placement {
    tenancy = "default"
  }
}

resource "aws_instance" "host" {
  ami       = data.aws_ssm_parameter.image.insecure_value
  subnet_id = sort(data.aws_subnets.default.ids)[0]

  launch_template {
    id      = aws_launch_template.host.id
    version = "$Default"
  }

  tags = { Name = var.name, workflow = var.name } # what the template tags is the instance's as well
}

ephemeral "aws_secretsmanager_random_password" "link" {
  password_length     = 64
  exclude_punctuation = true
}

resource "aws_secretsmanager_secret" "link" {
  name                    = "${var.name}/link"
  kms_key_id              = aws_kms_key.this.arn
  recovery_window_in_days = 0
}

resource "aws_secretsmanager_secret_version" "link" {
  secret_id                = aws_secretsmanager_secret.link.id
  secret_string_wo         = ephemeral.aws_secretsmanager_random_password.link.random_password
  secret_string_wo_version = 1
}
