"""The headers of every answer of ours."""

from __future__ import annotations

from flask import Response

HEADERS = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "same-origin",
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff",
}


def protect(response: Response) -> Response:
    """Set what keeps a page of ours out of caches, frames and referrers (ASVS 3.4, 14.3.2)."""
    response.headers.update(HEADERS)
    return response
