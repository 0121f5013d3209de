# The libraries every function imports, built once for the functions' processor.
locals {
  layer = "${var.artifacts}/layer_${var.architecture}.zip"
}

resource "aws_lambda_layer_version" "this" {
  layer_name               = "${var.name}-libraries"
  description              = "Python libraries of ${var.name}, ${var.architecture}."
  filename                 = local.layer
  source_code_hash         = filebase64sha256(local.layer)
  compatible_architectures = [var.architecture]
  compatible_runtimes      = [var.runtime]

  lifecycle {
    create_before_destroy = true # functions move to the new version before the old one goes
  }
}
