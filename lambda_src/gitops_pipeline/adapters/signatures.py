"""KMS: whether the key that only the build may sign with has signed something."""

from shared.clients import client


def is_signed(key_arn: str, digest: bytes, signature: bytes) -> bool:
    """Tell whether `signature` (DER) is the key's over a SHA-256."""
    kms = client("kms")
    try:
        answer = kms.verify(
            KeyId=key_arn,
            Message=digest,
            MessageType="DIGEST",
            Signature=signature,
            SigningAlgorithm="ECDSA_SHA_256",
        )
    except kms.exceptions.KMSInvalidSignatureException:
        return False
    return bool(answer["SignatureValid"])
