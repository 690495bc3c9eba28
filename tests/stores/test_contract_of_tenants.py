"""What every store promises about rules, members and what a page reads of them."""

from __future__ import annotations

from datetime import date

import pytest

from flask_twofactor.core.members import Adoption, Group, Place, Seen, Show, Wanted
from flask_twofactor.core.records import Claim
from flask_twofactor.core.rules import Membership, Rule
from flask_twofactor.stores.sqlalchemy import SQLStore

from .support.places import ANN, BOB, NOW, authenticator, proof

RULE = Rule(
    "oak",
    "roles",
    ("admin", "clerk"),
    date(2027, 1, 15),
    14,
    ("totp",),
    0,
    1,
    version=1,
    began=(("admin", NOW), ("clerk", NOW + 1)),
)


def save(store: SQLStore, rule: Rule) -> bool:
    """Save a rule, committed."""
    with store.transaction() as transaction:
        return transaction.save_rule(rule)


def see(store: SQLStore, key: str = ANN, label: str = "ann", tenant: str = "oak") -> None:
    """Note a person in a tenant, committed."""
    with store.transaction() as transaction:
        transaction.see(Seen(tenant, key, label, ("clerk",)), NOW)


def crowd(store: SQLStore, number: int = 7) -> None:
    """Note some people, among them one admin and one who is ready."""
    with store.transaction() as transaction:
        for at in range(number):
            seen = Seen("oak", f"user:{at}", f"Person {at}", admin=at == 1)
            transaction.see(seen, NOW)
        transaction.see(Seen("elm", "user:x", "Person x"), NOW)
        transaction.add_authenticator("user:2", authenticator())


def names(store: SQLStore, **wanted: object) -> list[str]:
    """Name the people on a page of the roster."""
    page = store.members("oak", Wanted(**wanted), NOW)  # type: ignore[arg-type]
    return [one.label for one in page]


def test_a_rule_comes_back_as_it_was_saved(store: SQLStore) -> None:
    """Every part of a rule is kept; a tenant without one has a rule that asks for nothing."""
    assert store.rule("oak") == Rule("oak")
    assert save(store, RULE)
    assert save(store, Rule("elm", version=1))

    assert store.rule("oak") == RULE
    assert {rule.tenant for rule in store.rules(["oak", "elm", "ash"])} == {"oak", "elm"}


def test_a_rule_is_replaced_by_its_successor_only(store: SQLStore) -> None:
    """Of two successors of one version the second is refused; so is a second first rule."""
    assert save(store, RULE)
    assert not save(store, Rule("oak", version=1))
    assert save(store, Rule("oak", "all", version=2))
    assert not save(store, Rule("oak", "optional", version=2))

    assert store.rule("oak").mode == "all"


def test_a_standing_has_the_rules_of_all_tenants(store: SQLStore) -> None:
    """Rules and places come with the standing, those of other tenants and people do not."""
    save(store, RULE)
    save(store, Rule("elm", version=1))
    save(store, Rule("ash", version=1))
    see(store)
    see(store, BOB, "bob", "elm")
    with store.transaction() as transaction:
        transaction.exempt("oak", ANN, NOW + 9, "on leave")

    one = store.standing(ANN, None, tenants=["oak"])
    several = store.standing(ANN, None, tenants=["elm", "oak", "nowhere"])
    assert one.places == ((RULE, Membership("oak", NOW, NOW + 9)),)
    assert sorted(several.places, key=str) == sorted(
        [*one.places, (Rule("elm", version=1), None)], key=str
    )
    assert store.standing(ANN, None, tenants=["nowhere"]).places == ()
    assert store.standing(ANN, None).places == ()


def test_a_standing_in_several_tenants_has_its_proof_once(store: SQLStore) -> None:
    """Several rules change nothing of what is known of the user."""
    save(store, RULE)
    save(store, Rule("elm", version=1))
    store.ensure_account(ANN)
    with store.transaction() as transaction:
        transaction.add_authenticator(ANN, authenticator())
        transaction.add_authenticator(ANN, authenticator("b" * 32, method="sms"))
        transaction.add_proof(proof())
    found = store.standing(ANN, proof().id, tenants=["oak", "elm"])

    assert (found.proof, found.protected) == (proof(), True)
    assert found.methods == {"totp", "sms"}
    assert len(found.places) == 2


def test_a_person_is_first_seen_once(store: SQLStore) -> None:
    """Seeing somebody again keeps the first time, also after they left and came back."""
    see(store)
    with store.transaction() as transaction:
        transaction.leave(ANN, ["oak"], NOW + 5)
        transaction.leave(ANN, ["oak"], NOW + 6)
    assert [one.left_at for one in store.memberships(ANN)] == [NOW + 5]
    assert names(store) == []

    with store.transaction() as transaction:
        transaction.see(Seen("oak", ANN, "Ann Oak", ("boss",), admin=True), NOW + 9)
    found = store.member("oak", ANN)
    assert found is not None
    assert (found.first_seen, found.left_at, found.label) == (NOW, None, "Ann Oak")
    assert (found.roles, found.admin) == (("boss",), True)


def test_who_is_listed_no_more_has_left(store: SQLStore) -> None:
    """A listing marks those it did not name, and nobody who came since it began."""
    crowd(store, 3)
    with store.transaction() as transaction:
        transaction.see(Seen("oak", "user:0", "Person 0"), NOW + 10, listed=True)
        transaction.see(Seen("oak", "user:new", "Person new"), NOW + 12)
        assert transaction.leave_unlisted("oak", NOW + 10, NOW + 20) == 2

    assert names(store) == ["Person 0", "Person new"]
    assert [one.left_at for one in store.memberships("user:x")] == [None]


def test_ready_follows_the_authenticators(store: SQLStore) -> None:
    """A method that protects makes a person ready in every tenant, codes do not."""
    see(store)
    see(store, tenant="elm")
    codes = authenticator("c" * 32, method="backup_code", protects=False)

    def ready() -> set[bool]:
        return {one.ready for one in store.memberships(ANN)}

    with store.transaction() as transaction:
        transaction.add_authenticator(ANN, codes)
    assert ready() == {False}
    with store.transaction() as transaction:
        transaction.add_authenticator(ANN, authenticator())
    assert ready() == {True}
    with store.transaction() as transaction:
        transaction.remove_authenticator(ANN, "a" * 32)
    assert ready() == {False}
    with store.transaction() as transaction:
        transaction.add_authenticator(ANN, authenticator())
        transaction.remove_authenticators(ANN)
    assert ready() == {False}


def test_who_comes_with_an_authenticator_is_ready(store: SQLStore) -> None:
    """A person who was protected before the tenant saw them is ready there at once."""
    with store.transaction() as transaction:
        transaction.add_authenticator(ANN, authenticator())
    see(store)

    assert [one.ready for one in store.memberships(ANN)] == [True]


def test_a_roster_is_read_page_by_page(store: SQLStore) -> None:
    """Each page begins behind the last name of the one before, and nobody is missed or twice."""
    crowd(store)
    see(store, "user:zz", "person 3")  # the same name, however written
    seen, after = [], None
    while page := store.members("oak", Wanted(after=after, limit=3), NOW):
        seen += [one.user_key for one in page]
        after = Place(page[-1].label.casefold(), page[-1].user_key)

    assert seen == [f"user:{at}" for at in (0, 1, 2, 3)] + ["user:zz"] + [
        f"user:{at}" for at in (4, 5, 6)
    ]
    assert [one.user_key for one in store.all_members("oak", Wanted(limit=2), NOW)] == seen


@pytest.mark.parametrize(
    ("show", "found"),
    [("everyone", 7), ("admins", 1), ("ready", 1), ("not_ready", 6), ("exempt", 1)],
)
def test_a_roster_shows_some(store: SQLStore, show: Show, found: int) -> None:
    """Each filter shows those it names, and an exemption that ended is none."""
    crowd(store)
    with store.transaction() as transaction:
        transaction.exempt("oak", "user:4", NOW + 1, "on leave")
        transaction.exempt("oak", "user:5", NOW, "was on leave")

    assert len(names(store, show=show)) == found


def test_a_roster_is_searched_by_the_beginning(store: SQLStore) -> None:
    """Names are found by how they begin, in any case, with nothing in them meant specially."""
    for number, name in enumerate(["Anna", "anton", "Änne", "Bob", "a%"]):
        see(store, f"user:{number}", name)

    assert names(store, search="AN") == ["Anna", "anton"]
    assert names(store, search="än") == ["Änne"]
    assert names(store, search="%") == names(store, search="_") == []
    assert names(store, search="a%") == ["a%"]
    assert names(store, search="an", after=Place("anna", "user:0")) == ["anton"]


def test_what_stands_beside_a_name(store: SQLStore) -> None:
    """Methods, last use, codes left and a lock are those of the person, and of nobody else."""
    see(store)
    see(store, BOB, "bob")
    store.ensure_account(ANN)
    with store.transaction() as transaction:
        transaction.add_authenticator(ANN, authenticator(counter=1))
        codes = authenticator("c" * 32, method="backup_code", protects=False)
        transaction.add_authenticator(ANN, codes)
        transaction.replace_codes(ANN, "c" * 32, ["one", "two"], NOW)
        transaction.claim(ANN, Claim("c" * 32, spent="one"), NOW)
        transaction.claim(ANN, Claim("a" * 32, counter=5), NOW + 3)
        for _ in range(5):
            transaction.reserve(ANN, (), NOW)
    ann, bob = store.list_members(store.members("oak", Wanted(), NOW))

    assert (ann.methods, ann.last_used_at, ann.codes_left) == (("totp",), NOW + 3, 1)
    assert ann.locked_until == NOW + 30
    assert (bob.methods, bob.last_used_at, bob.codes_left, bob.locked_until) == ((), None, 0, None)
    assert store.list_members(()) == ()


def test_people_are_counted_by_what_they_are(store: SQLStore) -> None:
    """Groups add up to everyone who is there, or to no more than asked for."""
    crowd(store)
    with store.transaction() as transaction:
        transaction.leave("user:6", ["oak"], NOW)

    def counted(most: int | None = None) -> int:
        return sum(group.number for group in store.groups("oak", most))

    assert set(store.groups("oak")) == {
        Group((), admin=False, ready=False, number=4),
        Group((), admin=True, ready=False, number=1),
        Group((), admin=False, ready=True, number=1),
    }
    assert (counted(), counted(100), counted(4)) == (6, 6, 4)


def test_a_day_keeps_its_last_word(store: SQLStore) -> None:
    """How far a tenant had come is kept once a day, and read oldest first."""
    with store.transaction() as transaction:
        for day, ready in (("2027-01-02", 1), ("2027-01-01", 0), ("2027-01-02", 2)):
            transaction.note_adoption("oak", Adoption(day, 5, ready))

    assert store.adoption("oak", 9) == (Adoption("2027-01-01", 5, 0), Adoption("2027-01-02", 5, 2))
    assert store.adoption("oak", 1) == (Adoption("2027-01-02", 5, 2),)
    assert store.adoption("elm", 9) == ()


def test_a_reminder_is_noted_once(store: SQLStore) -> None:
    """One reminder for each step before a date; another date begins anew."""
    see(store)
    with store.transaction() as transaction:
        said = [
            transaction.remind("oak", ANN, by, days)
            for by, days in [(9, 14), (9, 14), (9, 7), (9, 14), (9, 1), (8, 7), (8, 7)]
        ]

    assert said == [True, False, True, False, True, True, False]


def test_a_setup_code_is_good_once_and_in_time(store: SQLStore) -> None:
    """Without a reset nothing is asked; after one only its code, in time, and once."""
    store.ensure_account(ANN)
    with store.transaction() as transaction:
        assert transaction.use_setup_code(ANN, None, NOW)
        transaction.note_reset(ANN, NOW, "CODE", NOW + 9)
    assert store.awaits_setup_code(ANN)
    assert store.standing(ANN, None).reset_at == NOW
    with store.transaction() as transaction:
        assert not transaction.use_setup_code(ANN, "OTHER", NOW)
        assert not transaction.use_setup_code(ANN, None, NOW)
        assert not transaction.use_setup_code(ANN, "CODE", NOW + 9)
        assert transaction.use_setup_code(ANN, "CODE", NOW)

    assert not store.awaits_setup_code(ANN)
    assert store.standing(ANN, None).reset_at is None


def test_tenants_are_those_with_a_rule_or_people(store: SQLStore) -> None:
    """Every tenant that the store knows of is named once."""
    save(store, RULE)
    see(store)
    see(store, tenant="elm")

    assert store.tenants() == ("elm", "oak")


def test_a_forgotten_user_is_nobodys_member(store: SQLStore) -> None:
    """Forgetting deletes the places in every tenant."""
    see(store)
    with store.transaction() as transaction:
        transaction.forget(ANN)

    assert store.memberships(ANN) == ()
