"""What a finding is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from flask import Flask

from flask_twofactor.web.state import AppState

Severity = Literal["fault", "warning"]


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is wrong, and what to do. `code` is stable."""

    code: str
    severity: Severity
    found: str
    remedy: str


Check = Callable[[Flask, AppState], Iterator[Finding]]


def fault(code: str, found: str, remedy: str) -> Finding:
    """Give what weakens the app or keeps people out."""
    return Finding(code, "fault", found, remedy)


def warning(code: str, found: str, remedy: str) -> Finding:
    """Give what may be on purpose."""
    return Finding(code, "warning", found, remedy)
