"""The statements about tenants, built once, and how their rows are read."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Double,
    Integer,
    Select,
    String,
    bindparam,
    exists,
    func,
    select,
    true,
    update,
)

from flask_twofactor.core.members import Adoption, Group, Member
from flask_twofactor.core.rules import Rule

from .schema import (
    account,
    adoption,
    authenticator,
    member,
    single_use_code,
    tenant_rule,
    trusted_device,
)

END = "\U0010ffff"
"""Sorts behind every text that begins as the one before it."""

_tenant: BindParameter[str] = bindparam("in_tenant", type_=String)
_user: BindParameter[str] = bindparam("user", type_=String)
_now = bindparam("now", type_=Double)
_keys: BindParameter[list[str]] = bindparam("keys", expanding=True)
_limit = bindparam("most", type_=Integer)

RULE = select(tenant_rule).where(tenant_rule.c.tenant == _tenant)
RULES = select(tenant_rule).where(tenant_rule.c.tenant.in_(bindparam("tenants", expanding=True)))
REPLACE_RULE = update(tenant_rule).where(
    tenant_rule.c.tenant == _tenant, tenant_rule.c.version == bindparam("expected", type_=Integer)
)

_PLACE = (member.c.tenant == _tenant, member.c.user_key == _user)
MEMBER = select(member).where(*_PLACE)
MEMBERSHIPS = select(member).where(member.c.user_key == _user).order_by(member.c.tenant)
AT_PLACE = update(member).where(*_PLACE)
LEAVE = (
    update(member)
    .where(
        member.c.user_key == _user,
        member.c.tenant.in_(bindparam("tenants", expanding=True)),
        member.c.left_at.is_(None),
    )
    .values(left_at=_now)
)
LEAVE_UNLISTED = (
    update(member)
    .where(
        member.c.tenant == _tenant,
        member.c.left_at.is_(None),
        func.coalesce(member.c.listed_at, member.c.first_seen) < bindparam("before", type_=Double),
    )
    .values(left_at=_now)
)
_people = select(member.c.user_key).where(member.c.tenant == _tenant, member.c.left_at.is_(None))
END_DEVICES_OF = (
    update(trusted_device)
    .where(
        trusted_device.c.created_at <= bindparam("oldest", type_=Double),
        trusted_device.c.ended_at.is_(None),
        trusted_device.c.user_key.in_(_people),
    )
    .values(ended_at=_now)
)
REMIND = AT_PLACE.where(
    member.c.reminded_by.is_(None)
    | (member.c.reminded_by != bindparam("due", type_=Double))
    | (member.c.reminded_days > bindparam("days", type_=Integer))
).values(reminded_by=bindparam("due"), reminded_days=bindparam("days"))

PROTECTS = exists().where(authenticator.c.user_key == _user, authenticator.c.protects == true())
SETTLE = update(member).where(member.c.user_key == _user).values(ready=PROTECTS)

METHODS_OF = select(
    authenticator.c.user_key,
    authenticator.c.method,
    authenticator.c.protects,
    authenticator.c.last_used_at,
).where(authenticator.c.user_key.in_(_keys))
CODES_OF = (
    select(single_use_code.c.user_key, func.count())
    .where(single_use_code.c.user_key.in_(_keys), single_use_code.c.spent_at.is_(None))
    .group_by(single_use_code.c.user_key)
)
LOCKS_OF = select(account.c.user_key, account.c.blocked_until).where(account.c.user_key.in_(_keys))

_HERE = (member.c.tenant == _tenant, member.c.left_at.is_(None))
_ALIKE = ("roles", "admin", "ready")
GROUPS = (
    select(*(member.c[name] for name in _ALIKE), func.count())
    .where(*_HERE)
    .group_by(*(member.c[name] for name in _ALIKE))
)
# In the roster's order, by its index: left to itself PostgreSQL may read through other tenants' rows.
_some = (
    select(*(member.c[name] for name in _ALIKE))
    .where(*_HERE)
    .order_by(member.c.sort, member.c.user_key)
    .limit(_limit)
    .subquery()
)
SOME_GROUPS = select(*_some.c, func.count()).group_by(*_some.c)

ADOPTION = (
    select(adoption)
    .where(adoption.c.tenant == _tenant)
    .order_by(adoption.c.day.desc())
    .limit(_limit)
)
TENANTS = select(tenant_rule.c.tenant).union(select(member.c.tenant).distinct())

AWAITS_CODE = select(account.c.setup_code).where(account.c.user_key == _user)
NOTE_RESET = (
    update(account)
    .where(account.c.user_key == _user)
    .values(
        reset_at=_now,
        setup_code=bindparam("digest", type_=String),
        setup_code_until=bindparam("until", type_=Double),
    )
)
USE_SETUP_CODE = (
    update(account)
    .where(
        account.c.user_key == _user,
        account.c.setup_code.is_(None)
        | (
            account.c.setup_code.in_(bindparam("digests", expanding=True))
            & (account.c.setup_code_until > _now)
        ),
    )
    .values(reset_at=None, setup_code=None, setup_code_until=None)
)


def _roster(*conditions: ColumnElement[bool]) -> Callable[[bool], Select[Any]]:
    sort, key = member.c.sort, member.c.user_key
    base = (
        select(member)
        .where(*_HERE, sort >= bindparam("first", type_=String), *conditions)
        .where(sort < bindparam("end", type_=String))
        .order_by(sort, key)
        .limit(_limit)
    )
    behind = (sort > bindparam("first", type_=String)) | (key > bindparam("key", type_=String))
    later = base.where(behind)
    return lambda goes_on: later if goes_on else base


ROSTER = {
    "everyone": _roster(),
    "ready": _roster(member.c.ready == true()),
    "not_ready": _roster(member.c.ready != true()),
    "admins": _roster(member.c.admin == true()),
    "exempt": _roster(member.c.exempt_until > _now),
}


@lru_cache(maxsize=256)
def rule_of(*row: Any) -> Rule:
    """Give a rule from its row; each page reads it, so it is understood once."""
    found = dict(zip(tenant_rule.c.keys(), row, strict=True))
    starts_on, methods = found["starts_on"], found["methods"]
    began = json.loads(found["began"])
    return Rule(
        **{
            **found,
            "roles": tuple(json.loads(found["roles"])),
            "starts_on": None if starts_on is None else date.fromisoformat(starts_on),
            "methods": None if methods is None else tuple(json.loads(methods)),
            "began": tuple((group, at) for group, at in began),
        }
    )


def write_rule(rule: Rule) -> dict[str, Any]:
    """Give the row of a rule."""
    return {
        "tenant": rule.tenant,
        "version": rule.version,
        "mode": rule.mode,
        "roles": json.dumps(rule.roles),
        "starts_on": None if rule.starts_on is None else rule.starts_on.isoformat(),
        "grace_days": rule.grace_days,
        "methods": None if rule.methods is None else json.dumps(rule.methods),
        "trusted_device_days": rule.trusted_device_days,
        "backup_codes": rule.backup_codes,
        "began": json.dumps(rule.began),
    }


def read_member(row: Any) -> Member:
    """Give a member from their row."""
    return Member(
        tenant=row.tenant,
        user_key=row.user_key,
        label=row.label,
        roles=tuple(json.loads(row.roles)),
        admin=bool(row.admin),
        ready=bool(row.ready),
        first_seen=row.first_seen,
        left_at=row.left_at,
        exempt_until=row.exempt_until,
        exempt_reason=row.exempt_reason,
    )


def read_group(row: Any) -> Group:
    """Give a group of people from its row."""
    roles, admin, ready, number = row
    return Group(tuple(json.loads(roles)), bool(admin), bool(ready), number)


def read_adoption(row: Any) -> Adoption:
    """Give a day from its row."""
    return Adoption(row.day, row.people, row.ready)
