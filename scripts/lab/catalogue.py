"""Every variant of the five classic faults."""

from scripts.lab import access_denied, api_errors, retry_loops, timeouts, triggers
from scripts.lab.course import Variant

VARIANTS: tuple[Variant, ...] = (
    *timeouts.VARIANTS,
    *access_denied.VARIANTS,
    *retry_loops.VARIANTS,
    *triggers.VARIANTS,
    *api_errors.VARIANTS,
)
