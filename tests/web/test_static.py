"""What a browser has to load beside a page of ours."""

from __future__ import annotations

import pytest

from .support.portal import portal


@pytest.mark.parametrize(("name", "most"), [("twofactor.css", 10_000), ("twofactor.js", 5_000)])
def test_it_is_small(name: str, most: int) -> None:
    """The style sheet has less than 10 kB and the script less than 5 kB, as they are served."""
    with portal() as host:
        answer = host.app.test_client().get(f"/two-factor/static/{name}")

    assert answer.status_code == 200
    assert "Content-Encoding" not in answer.headers
    assert 0 < len(answer.data) < most
