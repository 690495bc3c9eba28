"""`flask twofactor`: what an operator does. One module a group of commands."""

from __future__ import annotations

from . import audit, examining, keys, persons, pruning, store, tenants
from .common import commands

__all__ = ["audit", "commands", "examining", "keys", "persons", "pruning", "store", "tenants"]
