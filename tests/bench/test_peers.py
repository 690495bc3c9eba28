"""The peers of the benchmark that need no environment of their own, and the others' pins."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from benchmarks.peers.environments import PINS
from benchmarks.peers.variants import BARE, HAND, OURS, VARIANTS, Process, Variant

DEV_PINS = Path(__file__).parent.parent.parent / "requirements/dev.txt"
HERE = [one for one in VARIANTS if one.name in {BARE, HAND, OURS}]
PIN = re.compile(r"^([\w-]+)==([\w.]+)", re.MULTILINE)
SHARED = ("flask", "flask-login", "flask-wtf", "sqlalchemy", "werkzeug", "wtforms")


@pytest.mark.parametrize("variant", HERE, ids=lambda one: one.module)
def test_a_peer_does_all_that_is_measured(variant: Variant, tmp_path: Path) -> None:
    """Each kind of work succeeds, twice in a row, and costs statements as it should."""
    with Process(variant, tmp_path / "host", tmp_path / "pyc", "--count") as process:
        found = {work: process.do(work) for work in process.works}

    assert found["anonymous page"] == {"statements": 0, "begun": 0, "requests": 1}
    assert found["login"]["requests"] == (5 if variant.second_factor else 3)
    assert all(counts["statements"] for work, counts in found.items() if work != "anonymous page")


def test_peers_stand_on_the_same_libraries() -> None:
    """What a peer's environment shares with ours has one version in both."""
    ours = dict(PIN.findall(DEV_PINS.read_text(encoding="utf-8")))

    for file in PINS.glob("*.txt"):
        theirs = dict(PIN.findall(file.read_text(encoding="utf-8")))
        differing = {name for name in SHARED if name in theirs and theirs[name] != ours[name]}
        assert differing == set(), file.name
