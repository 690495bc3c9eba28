"""Each person's rows are their own: no two people of one app have one key."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from flask import session
from flask.testing import FlaskClient
from flask_login import UserMixin, login_user
from sqlalchemy import create_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from flask_twofactor import testing
from flask_twofactor.web import people

from .support.browsing import OurHost
from .support.host import Person

DIFFICULT = ["acme", "acme,eu", 'acme","eu', "", ",", '"', "[", "\\", "eu", "a:b", "1"]


class Base(DeclarativeBase):
    """The host's own tables."""


class Member(UserMixin, Base):
    """A user whose key has two columns."""

    __tablename__ = "member"
    team: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(primary_key=True)

    def get_id(self) -> str:
        """Give what Flask-Login keeps."""
        return json.dumps([self.team, self.name])


class User(UserMixin, Base):
    """A user in a table that is named like many others."""

    __tablename__ = "user"
    id: Mapped[str] = mapped_column(primary_key=True)


class Customer(Person):
    """A user whom nothing maps."""


class Staff(Person):
    """Another kind of them, with ids of its own."""


@pytest.fixture
def database() -> Iterator[Session]:
    """The host's database, with its tables."""
    engine = create_engine("sqlite://")
    Base.metadata.create_all(engine)
    with Session(engine) as opened:
        yield opened
    engine.dispose()


def keys_of(host: OurHost, users: list[Any]) -> list[str]:
    """Give each user's key."""
    with host.app.app_context():
        return [people.user_key(user) for user in users]


def test_columns_of_a_key_do_not_run_into_each_other(database: Session) -> None:
    """No two composite primary keys give one text, whatever stands in them."""
    members = [Member(team=team, name=name) for team in DIFFICULT for name in DIFFICULT]
    database.add_all(members)
    database.commit()
    found = keys_of(OurHost(), members)

    assert len(set(found)) == len(members)
    assert keys_of(OurHost(), members[:1]) == ['member:["acme","acme"]']


def test_kinds_do_not_run_into_each_other(database: Session) -> None:
    """A table and classes that nothing maps are told apart, ids being equal."""
    mapped = User(id="1")
    database.add(mapped)
    database.commit()

    named_alike = type("user", (Person,), {})
    others = [Customer("1", "", ""), Staff("1", "", ""), named_alike("1", "", "")]
    found = keys_of(OurHost(), [mapped, *others])
    assert len(set(found)) == len(found)
    assert found[0] == "user:1"


def test_a_moved_file_keeps_the_key() -> None:
    """The module of a class is no part of the key: its file may be moved."""
    before, after = Person("1", "", ""), type("Person", (Person,), {"__module__": "moved.to"})
    assert len(set(keys_of(OurHost(), [before, after("1", "", "")]))) == 1


def test_ones_own_phone_does_not_answer_for_another_kind() -> None:
    """A customer's proof and code let nobody in as the member of staff with the same id."""
    host = OurHost()
    customer = Customer("7", "mallory@host.test", "Mallory")
    staff = Staff("7", "boss@host.test", "Boss")
    kinds = {"customer": customer, "staff": staff}
    host.manager.user_loader(lambda login_id: kinds[session["kind"]] if login_id == "7" else None)

    def enter(kind: str) -> None:
        session["kind"] = kind
        login_user(kinds[kind])

    for kind in kinds:
        host.view(f"/enter/{kind}", kind, lambda kind=kind: enter(kind) or "", "POST")
    for one in kinds.values():
        testing.set_up_totp(host.app, one)
    client: FlaskClient = host.client()
    client.post("/enter/customer")
    testing.pass_challenge(client, customer)
    assert host.lets_in(client, customer)
    client.post("/enter/staff")
    assert not host.lets_in(client, staff)

    with pytest.raises(AssertionError, match="wrong_code"):
        testing.pass_challenge(client, customer)
    assert not host.lets_in(client, staff)
