# The zips that `make package` built, where Lambda takes them from: each under its own hash, so that none replaces another.
locals {
  layer    = "layer_${var.architecture}"
  packages = toset([for file in fileset(var.artifacts, "*.zip") : trimsuffix(file, ".zip") if !startswith(file, "layer_") || file == "${local.layer}.zip"])
}

module "packages" {
  source = "../bucket"

  foundation = local.foundation
  name       = "packages"
}

resource "aws_s3_object" "package" {
  for_each = local.packages

  bucket     = module.packages.name
  key        = "${each.key}/${filesha256("${var.artifacts}/${each.key}.zip")}.zip"
  source     = "${var.artifacts}/${each.key}.zip"
  kms_key_id = aws_kms_key.this.arn

  lifecycle {
    create_before_destroy = true # functions move to the new zip before the old one goes
  }
}

# The libraries every function imports, built once for the functions' processor.
resource "aws_lambda_layer_version" "this" {
  layer_name               = "${var.name}-libraries"
  description              = "Python libraries of ${var.name}, ${var.architecture}."
  s3_bucket                = aws_s3_object.package[local.layer].bucket
  s3_key                   = aws_s3_object.package[local.layer].key
  source_code_hash         = filebase64sha256("${var.artifacts}/${local.layer}.zip")
  compatible_architectures = [var.architecture]
  compatible_runtimes      = [var.runtime]

  lifecycle {
    create_before_destroy = true # functions move to the new version before the old one goes
  }
}
