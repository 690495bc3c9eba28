"""Recipes for ways of building apps: each keeps a held person out and lets a released one in."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.security import generate_password_hash

from flask_twofactor import StoreError
from flask_twofactor.stores import schema
from flask_twofactor.stores.sqlalchemy import SQLStore
from flask_twofactor.testing import pass_challenge

from .kitchen import ANN, CHALLENGE, PASSWORD, VIC, cook, log_in, protect, prove, settings, shows

JSON = {"Accept": "application/json"}


@pytest.fixture
def factory() -> dict[str, Any]:
    """The app factory, with one user in its database."""
    names = cook("app-factory")
    app = names["create_app"](**settings(SQLALCHEMY_DATABASE_URI="sqlite://"))
    names["app"] = app
    with app.app_context():
        names["db"].create_all()
        names["db"].session.add(_vic(names))
        names["db"].session.commit()
    return names


def _vic(names: dict[str, Any]) -> Any:
    hashed = generate_password_hash(PASSWORD, "pbkdf2:sha256:1")
    return names["User"](email=VIC.email, password_hash=hashed)


def _user(names: dict[str, Any]) -> Any:
    return names["User"].query.filter_by(email=VIC.email).one()


def _prove(names: dict[str, Any]) -> FlaskClient:
    with names["app"].app_context():
        user = _user(names)
    return prove(names["app"], shows("/account", f"The account of {VIC.email}"), who=user)


def test_app_factory(factory: dict[str, Any]) -> None:
    """Flask-SQLAlchemy users of an app made by a factory."""
    _prove(factory)


def test_a_new_password_ends_the_other_sessions(factory: dict[str, Any]) -> None:
    """The session that changed it goes on, every other one ends."""
    client = _prove(factory)
    other = factory["app"].test_client()
    log_in(other)
    with factory["app"].app_context():
        pass_challenge(other, _user(factory))
    assert other.get("/account").status_code == 200
    client.post("/password", data={"new": "another password"})

    assert client.get("/account").status_code == 200
    assert other.get("/account").status_code == 401


def test_a_deleted_users_id_is_free(factory: dict[str, Any]) -> None:
    """After the commit a new user of the same id meets no old authenticators."""
    _prove(factory)
    app, db = factory["app"], factory["db"]
    with app.app_context():
        gone = _user(factory)
        db.session.delete(gone)
        db.session.commit()
        db.session.add(_vic(factory))
        db.session.commit()
        assert _user(factory).id == gone.id

    client = app.test_client()
    assert log_in(client).location == "/account"


def test_a_deletion_that_was_rolled_back(factory: dict[str, Any]) -> None:
    """Who is still there after all is still asked for a code."""
    _prove(factory)
    app, db = factory["app"], factory["db"]
    with app.app_context():
        db.session.delete(_user(factory))
        db.session.flush()
        db.session.rollback()
        db.session.commit()

    assert log_in(app.test_client()).location == CHALLENGE


def test_alembic_leaves_our_tables_alone(factory: dict[str, Any]) -> None:
    """The filter of the recipe keeps out every table of the store, and nothing else."""
    keeps = factory["include_object"]
    ours = [table.name for table in schema.metadata.sorted_tables]

    assert ours
    assert not any(keeps(None, name, "table", reflected=True, compare_to=None) for name in ours)
    assert keeps(None, "user", "table", reflected=True, compare_to=None)
    assert keeps(None, "twofactor_on", "column", reflected=True, compare_to=None)


def test_json_login() -> None:
    """A client that speaks JSON: the login's own answer waits for the code."""
    app = cook("json-login")["app"]

    def enter(client: FlaskClient) -> Any:
        return client.post("/api/login", json={"email": VIC.email, "password": PASSWORD})

    prove(app, shows("/api/me", VIC.email), enter)
    held = enter(app.test_client())
    assert held.status_code == 401
    assert held.get_json() == {"error": "two_factor_required", "challenge_url": CHALLENGE}


def test_api_keys() -> None:
    """A key opens what the policy names and nothing else; a cookie beside it changes nothing."""
    app = cook("api-keys")["app"]
    client = prove(app, shows("/account", f"The account of {VIC.email}"))

    script, key = app.test_client(), {"X-API-Key": f"{VIC.id}.{VIC.api_key}"}
    assert script.get("/api/servers", headers=key).text == f"The servers of {VIC.email}."
    assert script.get("/account", headers=key).status_code == 401
    assert script.get("/api/servers", headers={"X-API-Key": "1.no"}).status_code == 401
    assert client.get("/api/servers").status_code == 200
    held = app.test_client()
    log_in(held)
    assert held.get("/api/servers", headers=key).status_code != 200


def test_api_keys_without_a_policy() -> None:
    """By default a key is no way around the code, and none is asked of who has no second factor."""
    names = cook("api-keys")
    app = names["app"]
    names["twofactor"].request_loader_policy(lambda _request: False)
    protect(app)
    keys = [{"X-API-Key": f"{one.id}.{one.api_key}"} for one in (VIC, ANN)]
    script = app.test_client()

    assert [script.get("/api/servers", headers=key).status_code for key in keys] == [401, 200]


def test_async_views() -> None:
    """Login, pages and guarded pages as coroutines."""
    app = cook("async-views")["app"]
    client = prove(app, shows("/account", f"The account of {VIC.email}"))

    assert client.get("/billing").text == "Your invoices."
    asked = client.post("/api-key", headers=JSON)
    assert asked.get_json()["error"] == "step_up_required"
    plain = app.test_client()
    log_in(plain, ANN)
    assert "/two-factor/setup" in plain.get("/billing").location


def test_language_prefix() -> None:
    """Every address has its language, ours too; who comes in French is led on in French."""
    app = cook("language-prefix")["app"]

    def enter(client: FlaskClient) -> Any:
        return log_in(client, path="/fr/login")

    client = app.test_client()
    assert client.get("/fr/account").location.startswith("/fr/login")
    prove(app, shows("/fr/account", f"The account of {VIC.email}"), enter)

    held = app.test_client()
    assert enter(held).location == "/fr/two-factor/challenge"
    assert held.get("/fr/account").location == "/fr/two-factor/challenge"
    page = held.get("/fr/two-factor/challenge").text
    assert 'action="/fr/two-factor/challenge?method=totp"' in page
    assert 'lang="fr"' in page


def test_language_prefix_of_the_app_alone() -> None:
    """Our pages stay at their own address and lead back to the language that was left."""
    app = cook("language-prefix", without="TWOFACTOR_URL_PREFIX")["app"]

    def enter(client: FlaskClient) -> Any:
        return log_in(client, path="/fr/login")

    prove(app, shows("/fr/account", f"The account of {VIC.email}"), enter)
    held = app.test_client()
    assert enter(held).location == CHALLENGE
    answer = held.get("/fr/account")
    assert answer.location == CHALLENGE


def test_language_prefix_while_the_store_is_down(monkeypatch: pytest.MonkeyPatch) -> None:
    """Before the language of an address was read, too, nobody gets in and the page says why."""
    app = cook("language-prefix")["app"]
    client = prove(app, shows("/fr/account", VIC.email), lambda one: log_in(one, path="/fr/login"))

    def down(*_: object, **__: object) -> None:
        raise StoreError

    monkeypatch.setattr(SQLStore, "standing", down)
    assert client.get("/fr/account").status_code == 503
