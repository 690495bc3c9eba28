"""`flask twofactor`: what an operator does. One module a group of commands."""

from __future__ import annotations

from .group import commands

__all__ = ["commands"]
