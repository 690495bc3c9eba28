"""The one read of a standing, which every signed-in page and every login pays for."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import BindParameter, Select, String, and_, bindparam, select, true
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from flask_twofactor.core.devices import TrustedDevice
from flask_twofactor.core.errors import StoreError
from flask_twofactor.core.records import Proof, Standing
from flask_twofactor.core.rules import Membership, Rule

from .bootstrap import Opened
from .direct import DirectRead
from .schema import account, authenticator, member, proof, store, tenant_rule, trusted_device
from .tenancy import rule_of


class Joined(FunctionElement[str]):
    """The texts of a column as one, with commas between; the comma is no parameter."""

    type = String()
    inherit_cache = True


@compiles(Joined)
def _join(joined: Joined, compiler: SQLCompiler, **options: Any) -> str:
    return f"group_concat({compiler.process(joined.clauses, **options)})"


@compiles(Joined, "postgresql")
def _join_on_postgresql(joined: Joined, compiler: SQLCompiler, **options: Any) -> str:
    return f"string_agg({compiler.process(joined.clauses, **options)}, ',')"


_user: BindParameter[str] = bindparam("user", type_=String)
_row: BindParameter[str] = bindparam("row", type_=String)
_methods = (
    select(Joined(authenticator.c.method))
    .where(authenticator.c.user_key == _user, authenticator.c.protects == true())
    .scalar_subquery()
)
_ABOUT_USER = (
    store.c.store_id,
    account.c.epoch.label("account_epoch"),
    _methods.label("protecting"),
    account.c.reset_at,
    account.c.password_digest,
    *proof.c,
)
_PLACE = (*tenant_rule.c, member.c.first_seen, member.c.exempt_until)
_DEVICE = tuple(column.label(f"device_{column.name}") for column in trusted_device.c)
_NOTHING: frozenset[str] = frozenset()


def statement(tenants: int, devices: int = 0) -> Select[Any]:
    """Build the read for a user of so many tenants, whose browser names so many devices."""
    joined: Any = store.outerjoin(account, account.c.user_key == _user)
    joined = joined.outerjoin(proof, proof.c.id == _row)
    columns: tuple[Any, ...] = _ABOUT_USER
    if tenants:
        here = and_(member.c.tenant == tenant_rule.c.tenant, member.c.user_key == _user)
        asked = _one_of(tenant_rule.c.tenant, "tenant", tenants)
        joined = joined.outerjoin(tenant_rule, asked).outerjoin(member, here)
        columns += _PLACE
    if devices:
        named = _one_of(trusted_device.c.id, "device", devices)
        own = and_(trusted_device.c.user_key == _user, named)
        joined = joined.outerjoin(trusted_device, own)
        columns += _DEVICE
    return select(*columns).select_from(joined).where(store.c.id == 1)


def read_standing(
    opened: Opened,
    user_key: str,
    proof_id: str | None,
    tenants: Sequence[str],
    devices: Sequence[str],
) -> Standing:
    """Read it, by one statement; StoreError if the store is not the one that was opened."""
    values = {"user": user_key, "row": proof_id}
    values |= {f"tenant_{number}": tenant for number, tenant in enumerate(tenants)}
    values |= {f"device_{number}": device for number, device in enumerate(devices)}
    rows = _read(len(tenants), len(devices)).all(opened.reader, values)
    if not rows or rows[0][0] != opened.store_id:
        message = "the store was emptied or replaced while in use."
        raise StoreError(message)
    _, epoch, methods, reset_at, digest, *found = rows[0][: len(_ABOUT_USER)]
    return Standing(
        user_key,
        epoch or 0,
        bool(methods),
        # The columns of a proof are its fields, in their order; the first is its id.
        None if found[0] is None else Proof(*found),
        password_digest=digest,
        methods=frozenset(methods.split(",")) if methods else _NOTHING,
        places=_places(rows) if tenants else (),
        reset_at=reset_at,
        devices=_devices(rows) if devices else (),
    )


def _one_of(column: Any, name: str, count: int) -> Any:
    named = [bindparam(f"{name}_{number}", type_=String) for number in range(count)]
    return column == named[0] if count == 1 else column.in_(named)


@lru_cache(maxsize=64)
def _read(tenants: int, devices: int) -> DirectRead:
    return DirectRead(statement(tenants, devices))


# Several tenants and several devices come as every pair of the two; each is taken once.


def _places(rows: Sequence[Any]) -> tuple[tuple[Rule, Membership | None], ...]:
    start, end = len(_ABOUT_USER), len(_ABOUT_USER) + len(_PLACE)
    found = {row[start]: row[start:end] for row in rows if row[start] is not None}
    return tuple(_place(*columns) for columns in found.values())


def _place(*columns: Any) -> tuple[Rule, Membership | None]:
    *rule, seen, exempt_until = columns
    member = None if seen is None else Membership(rule[0], seen, exempt_until)
    return rule_of(*rule), member


def _devices(rows: Sequence[Any]) -> tuple[TrustedDevice, ...]:
    found = {row[-len(_DEVICE)]: row[-len(_DEVICE) :] for row in rows}
    return tuple(TrustedDevice(*columns) for name, columns in found.items() if name is not None)
