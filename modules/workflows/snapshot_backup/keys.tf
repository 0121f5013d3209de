# What it takes to copy and to restore what is encrypted: the keys of volumes and of copies, lent to EBS and nobody else.
# https://docs.aws.amazon.com/ebs/latest/userguide/ebs-encryption-requirements.html#ebs-encryption-permissions
locals {
  keys_at_home = concat([var.foundation.kms_key_arn], tolist(var.volume_key_arns))
  keys_of_copy = compact(concat(local.keys_at_home, [var.settings.copy_kms_key]))

  use_volume_keys = {
    for use, reach in {
      copy    = { keys = local.keys_of_copy, regions = keys(local.snapshots) }
      restore = { keys = local.keys_at_home, regions = [var.foundation.region] }
      } : use => {
      UseKeysOfVolumes = {
        actions    = ["kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKeyWithoutPlaintext", "kms:ReEncryptFrom", "kms:ReEncryptTo"]
        resources  = reach.keys
        conditions = [{ test = "StringEquals", variable = "kms:ViaService", values = [for region in reach.regions : "ec2.${region}.amazonaws.com"] }]
      }
      LendKeysOfVolumes = {
        actions   = ["kms:CreateGrant"]
        resources = reach.keys
        conditions = [
          { test = "StringEquals", variable = "kms:ViaService", values = [for region in reach.regions : "ec2.${region}.amazonaws.com"] },
          { test = "Bool", variable = "kms:GrantIsForAWSResource", values = ["true"] },
        ]
      }
    }
  }
}
