"""No process of ours leaves its memory behind when it ends, however it ends."""

from __future__ import annotations

import ctypes
import resource
import sys

# From linux/prctl.h.
_PR_SET_DUMPABLE = 4


def forbid_core_dumps() -> None:
    """Let neither the kernel nor a process of the same user see our memory.

    A limit of zero holds for dumps to a file, and for every process we start. A dump that the
    kernel hands to a program, as many distributions set it up, does not ask that limit: it asks
    whether we are dumpable, and so does a debugger of the same user.
    """
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
