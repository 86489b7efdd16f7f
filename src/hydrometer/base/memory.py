"""Peak memory of this process, for the manifest."""

from __future__ import annotations

import re
import resource
import sys
from pathlib import Path

STATUS = Path("/proc/self/status")
BYTES_PER_KIB = 1024
PEAK = re.compile(r"^VmHWM:\s+(\d+) kB$", re.MULTILINE)


def peak_rss_bytes() -> int:
    """Most memory that this process ever held resident.

    Linux lets `getrusage` begin with what the parent process held; the kernel's own mark of this program does not.
    """
    found = PEAK.search(STATUS.read_text(encoding="ascii", errors="replace")) if STATUS.exists() else None
    if found is not None:
        return int(found.group(1)) * BYTES_PER_KIB
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else BYTES_PER_KIB)
