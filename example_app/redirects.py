"""Which addresses a login may lead on to."""

from __future__ import annotations

import re
from urllib.parse import urlsplit, urlunsplit

# One leading slash; no backslash, white space or control character anywhere: browsers drop or
# turn them, and "/\t/elsewhere.test" or "/\elsewhere.test" would leave this site.
_LOCAL_PATH = re.compile(r"/(?!/)[^\\\s\x00-\x1f\x7f-\x9f]*")


def local_target(target: str | None) -> str | None:
    """Return path and query of *target* if it stays on this site, else None."""
    if not target or not _LOCAL_PATH.fullmatch(target):
        return None
    parts = urlsplit(target)
    if parts.scheme or parts.netloc:
        return None
    return urlunsplit(("", "", parts.path, parts.query, ""))
