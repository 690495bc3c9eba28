"""What the rules ask of whoever wants in, and which methods they leave."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from flask_twofactor.core import rules
from flask_twofactor.core.records import Authenticator, Hold, Standing
from flask_twofactor.core.rules import Belonging, Membership, Requirement, Rule

from .context import Ports

Places = Sequence[tuple[Rule, Membership | None]]


def _no_roles() -> tuple[str, ...]:
    return ()


@dataclass(frozen=True, slots=True)
class Belongs:
    """Where a person belongs; roles are asked for only if a rule names some.

    None stands for what the host could not tell.
    """

    tenants: tuple[str, ...] | None = ()
    find_roles: Callable[[], tuple[str, ...] | None] = _no_roles

    @classmethod
    def of(cls, kept: Belonging) -> Belongs:
        """Take what a hold keeps."""
        return cls(kept.tenants, lambda: kept.roles)


NOWHERE = Belongs()


def look(
    ports: Ports,
    user_key: str,
    belongs: Belongs,
    proof_id: str | None = None,
    *,
    devices: Sequence[str] = (),
    fingerprint: str | None = None,
) -> Standing:
    """Read a user's standing with what the rules of their tenants make of it. One statement."""
    found = ports.store.standing(
        user_key,
        proof_id,
        tenants=belongs.tenants or (),
        devices=devices,
        fingerprint=fingerprint,
    )
    return weigh(ports, found, belongs)


def look_held(ports: Ports, held: Hold, *, devices: Sequence[str] = ()) -> Standing:
    """Read the standing of a held person, who belongs where they did at the password step."""
    kept = held.kept.belonging if held.kept is not None else Belonging(tenants=None)
    return look(ports, held.user_key, Belongs.of(kept), devices=devices)


def weigh(ports: Ports, standing: Standing, belongs: Belongs) -> Standing:
    """Add to a standing what follows from the rules that were read with it."""
    if not standing.places and belongs.tenants == () and ports.floor.mode == "optional":
        return standing  # nobody asks anything: what an app without tenants pays on each page
    asked = _requirement(ports, standing.places, belongs)
    installed = [method.name for method in ports.methods if not method.fallback_only]
    given = [rule for rule, _ in standing.places]
    terms = rules.terms(given, installed, ports.site_terms)
    if belongs.tenants is None:
        terms = replace(terms, trusted_device_days=0)
    bites = any(rule.methods is not None for rule in given) and _bites(asked)
    allowed = frozenset(terms.methods) if bites else None
    return replace(standing, requirement=asked, terms=terms, allowed=allowed)


def usable(owned: Sequence[Authenticator], standing: Standing) -> tuple[Authenticator, ...]:
    """Leave out authenticators that are not allowed any more, unless there are no others.

    Then they answer once more, and only to reach the setup of an allowed one.
    """
    if standing.allowed is None or standing.outdated:
        return tuple(owned)
    return tuple(one for one in owned if not one.protects or one.method in standing.allowed)


def _requirement(ports: Ports, places: Places, belongs: Belongs) -> Requirement:
    if belongs.tenants is None:
        return rules.unknown()
    asking = [(rule, member) for rule, member in places if rule.mode != "optional"]
    if ports.floor.mode != "optional":
        asking.append((ports.floor, None))
    if not asking:
        return rules.NOTHING_ASKED
    names_roles = any(rule.mode == "roles" or rule.began for rule, _ in asking)
    roles = belongs.find_roles() if names_roles else ()
    return rules.requirement(asking, roles, ports.clock())


def _bites(asked: Requirement) -> bool:
    # Who has time left, or is excused, keeps what they have for so long.
    return asked.is_required or (asked.state == "not_required" and not asked.excused)
