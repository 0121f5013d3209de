"""Root's privileges beyond files of one's own: whoever runs as root loses them here."""

import ctypes
import sys

_DROP = 24  # of prctl: PR_CAPBSET_DROP
_KEPT = range(8)  # those about files, one's own processes and users: CAP_CHOWN to CAP_SETUID
_KNOWN = 64


def drop() -> None:
    """Keep the programs started from here from administering the machine, or looking into its processes (Linux).

    https://man7.org/linux/man-pages/man7/capabilities.7.html; for anybody but root there is nothing to drop.
    """
    if sys.platform == "linux":
        for capability in range(_KEPT.stop, _KNOWN):
            ctypes.CDLL(None).prctl(_DROP, capability, 0, 0, 0)
