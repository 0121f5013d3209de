"""RotateLinkKey: makes the keys that sign links: the first one, and each that follows it."""

from approval_workflow.domain.link_keys import LinkKeys
from shared.rotation.handler import rotation_handler

handler = rotation_handler(LinkKeys)
