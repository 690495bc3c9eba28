"""What rules ask of a person: every case as a value, and what no sequence of changes may break."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flask_twofactor.core import rules
from flask_twofactor.core.rules import DAY, Membership, Requirement, Rule, Terms

START = date(2027, 1, 15)
NOW = datetime(2027, 1, 15, tzinfo=UTC).timestamp()
SITE = Terms(("totp", "sms"), 30, 10)
INSTALLED = ("totp", "sms")
ROLES = ("admin", "clerk")


def rule(mode: rules.Mode = "all", tenant: str = "a", **values: object) -> Rule:
    """Give a rule as it is saved for the first time at the start of its first day."""
    made = Rule(tenant, mode, **values)  # type: ignore[arg-type]
    return rules.amend(Rule(tenant), made, NOW)


def asked(
    *given_rules: Rule,
    roles: frozenset[str] | None = frozenset(),
    seen: float = NOW,
    exempt_until: float | None = None,
    now: float = NOW,
) -> Requirement:
    """Give what is asked of somebody who was seen everywhere at one moment."""
    places = [(one, Membership(one.tenant, seen, exempt_until)) for one in given_rules]
    return rules.requirement(places, roles, now)


def test_an_optional_rule_asks_nobody() -> None:
    """Without a rule, or under an optional one, nothing is asked."""
    assert asked() == asked(rule("optional")) == Requirement()


@pytest.mark.parametrize(
    ("roles", "state"),
    [
        (frozenset({"admin"}), "required"),
        (frozenset({"clerk", "admin"}), "required"),
        (frozenset({"clerk"}), "not_required"),
        (frozenset(), "not_required"),
        (None, "required"),
    ],
)
def test_a_rule_for_roles_asks_those(roles: frozenset[str] | None, state: str) -> None:
    """Only who has one of the roles is asked, and whoever's roles cannot be told."""
    assert asked(rule("roles", roles=("admin",)), roles=roles).state == state


@pytest.mark.parametrize(
    ("days", "state"), [(-1, "in_grace"), (13.99, "in_grace"), (14, "required"), (99, "required")]
)
def test_grace_ends_to_the_second(days: float, state: str) -> None:
    """Fourteen days of grace end fourteen days after the start, and are announced before it."""
    found = asked(rule(grace_days=14), seen=NOW - 999 * DAY, now=NOW + days * DAY)

    assert (found.state, found.asks) == (state, ("a",))
    assert found.by == (NOW + 14 * DAY if state == "in_grace" else None)


def test_grace_counts_from_being_first_seen() -> None:
    """Who came after the start has the same number of days, from then on."""
    seen = NOW + 100 * DAY
    found = asked(rule(grace_days=14), seen=seen, now=seen + DAY)

    assert (found.state, found.by) == ("in_grace", seen + 14 * DAY)


def test_who_was_never_seen_is_seen_now() -> None:
    """A person without a member row has all of the grace ahead, or none if there is none."""
    fresh = rules.requirement([(rule(grace_days=2), None)], frozenset(), NOW + 50 * DAY)

    assert (fresh.state, fresh.by) == ("in_grace", NOW + 52 * DAY)
    assert rules.requirement([(rule(), None)], frozenset(), NOW).is_required


def test_a_start_in_the_future_waits() -> None:
    """Before its first day a rule asks for nothing yet, and says by when it will."""
    found = asked(rule(starts_on=date(2027, 2, 1)), now=NOW)

    assert (found.state, found.by) == ("in_grace", NOW + 17 * DAY)


def test_an_exemption_lasts_until_its_time() -> None:
    """An excused person is not asked until the time comes, and it is said who excuses them."""
    until = NOW + DAY

    assert asked(rule(), exempt_until=until) == Requirement(excused=("a",))
    assert asked(rule(), exempt_until=until, now=until).is_required


def test_the_strictest_of_several_wins() -> None:
    """One tenant that requires now beats grace and exemption elsewhere, and is named alone."""
    soon, later = rule(tenant="b", grace_days=3), rule(tenant="c", grace_days=9)

    assert asked(soon, later, rule("optional", tenant="d")) == Requirement(
        "in_grace", ("b", "c"), NOW + 3 * DAY
    )
    assert asked(rule(tenant="z"), soon, later, rule(tenant="a")) == Requirement(
        "required", ("a", "z")
    )


def test_the_site_asks_like_a_tenant() -> None:
    """The site's floor has neither start nor grace."""
    assert rules.requirement([(rules.floor("all", ()), None)], frozenset(), 0).asks == ("",)
    assert rules.unknown() == Requirement("required", ("",))


def test_switching_off_and_on_renews_no_grace() -> None:
    """The start that passed stays in memory while the rule is off."""
    first = rule(grace_days=14)
    off = rules.amend(first, Rule("a"), NOW + 20 * DAY)
    again = rules.amend(off, Rule("a", "all", grace_days=14), NOW + 40 * DAY)

    assert again.starts_on == date(2027, 2, 24)
    assert asked(again, now=NOW + 40 * DAY).is_required


def test_a_start_that_has_not_come_can_be_moved() -> None:
    """Before the first day the date is only a plan."""
    plan = rule(starts_on=date(2027, 2, 1))
    moved = rules.amend(plan, Rule("a", "all", starts_on=date(2027, 3, 1)), NOW)

    assert asked(moved, now=NOW + 30 * DAY).state == "in_grace"


def test_moving_a_start_back_acts_at_once() -> None:
    """An earlier start shortens what is left."""
    first = rule(grace_days=14)
    moved = rules.amend(first, Rule("a", "all", (), date(2027, 1, 1), 14), NOW)

    assert asked(moved, seen=0).is_required


def test_asking_more_people_gives_those_their_grace() -> None:
    """Who is asked for the first time has the full grace; who was asked before has none left."""
    first = rule("roles", roles=("admin",), grace_days=14)
    wider = rules.amend(first, Rule("a", "all", (), date(2027, 2, 14), 14), NOW + 30 * DAY)

    assert asked(wider, roles=frozenset({"admin"}), now=NOW + 30 * DAY).is_required
    assert asked(wider, roles=frozenset({"clerk"}), now=NOW + 30 * DAY).state == "in_grace"


def test_a_start_left_out_stays_or_is_today() -> None:
    """Without a date a rule that asks keeps its own; a new one begins today."""
    first = rule(starts_on=date(2027, 2, 1))
    kept = rules.amend(first, Rule("a", "all", grace_days=3), NOW + DAY)

    assert (kept.starts_on, kept.version) == (date(2027, 2, 1), 2)
    assert rule().starts_on == START


def test_terms_are_the_strictest() -> None:
    """Methods that all allow, in the site's order; the smallest numbers."""
    one = rule("optional", methods=("sms", "totp"), trusted_device_days=7, backup_codes=20)
    other = rule("optional", methods=("sms",), trusted_device_days=0, backup_codes=1)

    assert rules.terms([], INSTALLED, SITE) == SITE
    assert rules.terms([one], INSTALLED, SITE) == Terms(("totp", "sms"), 7, 10)
    assert rules.terms([one, other], INSTALLED, SITE) == Terms(("sms",), 0, 1)


def test_where_no_method_is_common_totp_is_allowed() -> None:
    """Rules that exclude one another, or name what is not installed, leave a way in."""
    one, other = rule(methods=("sms",)), rule(methods=("webauthn",))

    assert rules.terms([one, other], INSTALLED, SITE).methods == ("totp",)
    assert rules.terms([other], ("sms",), SITE).methods == ("sms",)


@pytest.mark.parametrize(
    ("own", "theirs", "allowed"),
    [
        ({"a"}, set(), True),
        ({"a"}, {"a"}, True),
        ({"a", "b"}, {"b"}, True),
        ({"a"}, {"a", "b"}, False),
        ({"b"}, set(), False),
        (set(), set(), False),
    ],
)
def test_help_never_goes_upward(own: set[str], theirs: set[str], allowed: bool) -> None:  # noqa: FBT001
    """An admin of the tenant helps whoever administers no more than they do (ASVS 8.2.2)."""
    assert rules.may_act_on(own, theirs, "a") is allowed


def test_a_rule_says_what_it_is() -> None:
    """The repr is stable: hosts may log and compare it."""
    shown = repr(rule("roles", roles=("admin",), grace_days=14, methods=("totp",)))

    assert shown == (
        "Rule(tenant='a', mode='roles', roles=('admin',), starts_on='2027-01-15', grace_days=14, "
        "methods=('totp',), trusted_device_days=None, backup_codes=None, version=1)"
    )


modes = st.sampled_from(["optional", "roles", "all"])
role_sets = st.lists(st.sampled_from(ROLES), unique=True, max_size=2).map(frozenset)
dates = st.dates(date(2027, 1, 1), date(2027, 6, 1))
changes = st.lists(
    st.tuples(st.integers(0, 40), modes, role_sets, st.none() | dates), min_size=1, max_size=8
)


@given(changes, role_sets, st.integers(0, 100))
def test_no_change_of_the_rule_renews_a_grace_that_began(
    steps: list[tuple[int, rules.Mode, frozenset[str], date | None]],
    roles: frozenset[str],
    seen_after: int,
) -> None:
    """Once a person's grace has begun, no later rule with as many days moves its end on."""
    now, current, seen = NOW, Rule("a"), NOW + seen_after * DAY
    begun_end: float | None = None
    for days, mode, asked_roles, starts_on in steps:
        now += days * DAY
        new = Rule("a", mode, tuple(sorted(asked_roles)), starts_on, 14)
        current = rules.amend(current, new, now)
        if not rules.applies(current, roles):
            continue
        end = rules.grace_end(current, roles, seen)
        assert begun_end is None or end <= begun_end
        begun = end - 14 * DAY <= now
        begun_end = end if begun or begun_end is not None else None


@given(st.lists(st.tuples(modes, st.integers(0, 30), st.booleans()), max_size=4), role_sets)
def test_more_tenants_never_ask_less(
    tenants: list[tuple[rules.Mode, int, bool]], roles: frozenset[str]
) -> None:
    """Adding a tenant never turns required into less, nor moves the day on."""
    order = {"not_required": 0, "in_grace": 1, "required": 2}
    places, before = [], Requirement()
    for number, (mode, grace, excused) in enumerate(tenants):
        made = rule(mode, tenant=str(number), roles=("admin",), grace_days=grace)
        until = NOW + DAY if excused else None
        places.append((made, Membership(str(number), NOW, until)))
        found = rules.requirement(places, roles, NOW)
        assert order[found.state] >= order[before.state]
        if before.state == found.state == "in_grace":
            assert (found.by or 0) <= (before.by or 0)
        before = found


@given(st.lists(st.lists(st.sampled_from(INSTALLED), unique=True), max_size=4))
def test_there_is_always_a_method(lists: list[list[str]]) -> None:
    """Whatever rules say together, one installed method remains."""
    given_rules = [Rule(str(number), methods=tuple(one)) for number, one in enumerate(lists)]

    assert rules.terms(given_rules, INSTALLED, SITE).methods
