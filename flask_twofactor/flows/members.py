"""Keeping the member table as the host shows its people: at each login, and by whole lists."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from flask_twofactor.core.members import Member, Seen
from flask_twofactor.core.records import Event, Standing
from flask_twofactor.core.repeating import repeated
from flask_twofactor.core.rules import applies

from .context import Ports


def is_new_somewhere(standing: Standing, roles: Sequence[str] | None) -> bool:
    """Say whether a rule asks a person who was never seen in its tenant."""
    return any(member is None and applies(rule, roles) for rule, member in standing.places)


@repeated
def note(
    ports: Ports, user_key: str, shown: Sequence[Seen], *, excused: Sequence[str] = ()
) -> None:
    """Note a person as the host shows them now: one read, and a write only if something changed.

    Whoever is let in by an exemption leaves an event.
    """
    now = ports.clock()
    kept = {one.tenant: one for one in ports.store.memberships(user_key)}
    changed = [seen for seen in shown if not _is_as_kept(seen, kept.get(seen.tenant))]
    there = {seen.tenant for seen in shown}
    left = [one.tenant for one in kept.values() if one.left_at is None and one.tenant not in there]
    if not (changed or left or excused):
        return
    with ports.store.transaction() as transaction:
        for seen in changed:
            transaction.see(seen, now)
        if left:
            transaction.leave(user_key, left, now)
        for tenant in excused:
            transaction.record(Event("exemption_used", user_key, now, tenant=tenant))


def sync(
    ports: Ports,
    tenant: str,
    pages: Iterable[Sequence[Seen]],
    told: Callable[[int], None],
    *,
    actor: str,
) -> int:
    """Note everybody whom the host lists for a tenant; who is listed no more has left.

    Each page is one transaction. `told` hears how many were noted. Gives how many left, and
    leaves an event.
    """
    began, listed = ports.clock(), 0
    for page in pages:
        _note_page(ports, page, began)
        told(len(page))
        listed += len(page)
    return _leave_unlisted(ports, tenant, began, listed, actor)


@repeated
def _note_page(ports: Ports, page: Sequence[Seen], began: float) -> None:
    with ports.store.transaction() as transaction:
        for seen in page:
            transaction.see(seen, max(began, ports.clock()), listed=True)


@repeated
def _leave_unlisted(ports: Ports, tenant: str, began: float, listed: int, actor: str) -> int:
    now = ports.clock()
    with ports.store.transaction() as transaction:
        left = transaction.leave_unlisted(tenant, began, now)
        said = f"{listed} listed, {left} left"
        transaction.record(
            Event("members_synced", actor, now, actor=actor, reason=said, tenant=tenant)
        )
    return left


def _is_as_kept(seen: Seen, kept: Member | None) -> bool:
    return (
        kept is not None
        and kept.left_at is None
        and kept.label == seen.label
        and seen.roles in {None, kept.roles}
        and seen.admin in {None, kept.admin}
    )
