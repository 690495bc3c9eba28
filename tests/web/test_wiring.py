"""The one line, wherever the host writes it, and what refuses to be served."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask import Blueprint, Flask, Response
from flask_login import LoginManager, login_required
from sqlalchemy import create_engine, delete
from sqlalchemy.schema import DropTable

from flask_twofactor import TwoFactor
from flask_twofactor.core.errors import ConfigurationError
from flask_twofactor.stores import schema
from flask_twofactor.web import login_hook

from .support.browsing import OurHost, is_held
from .support.doors_login import remember_cookie_of_a_dead_session
from .support.guard import CHALLENGE, Ours
from .support.host import Host, make_app, who

KEYS = ["a:" + "A" * 43]


class GuardFirst(OurHost):
    """A host that sets the extension up before its login manager."""

    guard_comes_first = True


@pytest.mark.parametrize("kind", [OurHost, GuardFirst])
def test_the_line_may_stand_before_or_after_the_login_manager(kind: type[OurHost]) -> None:
    """Whichever comes first, a login is held and released."""
    host = kind()
    client = host.held(remember="1")
    assert client.get("/account").location == CHALLENGE
    host.guard.pass_second_factor(client, host.vic)

    assert host.lets_in(client, host.vic)
    assert client.get_cookie("remember_token") is not None


@pytest.mark.parametrize("kind", [OurHost, GuardFirst])
def test_one_login_manager_over_several_apps(kind: type[OurHost]) -> None:
    """Two apps share a login manager and each asks its own store."""
    manager = LoginManager()
    one, other = kind(manager=manager), kind(manager=manager)
    for host in (one, other):
        manager.user_loader(host.load)
        client = host.held()
        host.guard.pass_second_factor(client, host.vic)
        assert host.lets_in(client, host.vic)


def test_an_app_without_the_extension_is_left_alone() -> None:
    """Its login manager may be guarded for another app; here it works as ever."""
    guarded = OurHost()
    guarded.held()
    plain = make_app()
    guarded.manager.init_app(plain)
    plain.add_url_rule("/whoami", "whoami", who)
    plain.add_url_rule("/account", "account", login_required(who))
    plain.add_url_rule("/login", "login", lambda: "the login page")
    client = plain.test_client()
    with client.session_transaction() as session:
        session.update({"_user_id": guarded.vic.get_id(), "_fresh": True})

    assert client.get("/whoami").text == guarded.vic.email
    assert plain.test_client().get("/account").location.startswith("/login")


def test_one_extension_object_over_several_apps() -> None:
    """`TwoFactor()` holds nothing of an app: a person of one is unknown to the other."""
    twofactor = TwoFactor()
    apps = [make_app(), make_app()]
    for app in apps:
        LoginManager(app)
        twofactor.init_app(app)

    assert apps[0].extensions["twofactor"] is not apps[1].extensions["twofactor"]
    with pytest.raises(ConfigurationError, match="before"):
        twofactor.init_app(apps[0])


def test_a_second_manager_after_the_first_request() -> None:
    """A login manager that replaces the first while the app runs is guarded too."""
    host = OurHost()
    host.held()
    older = host.client()
    with older.session_transaction() as session:
        session.update({"_user_id": host.vic.get_id(), "_fresh": True})
    manager = LoginManager()
    host.app._got_first_request = False  # Flask refuses late set-up, which a host may work round
    host.join(manager)
    assert older.get("/whoami").text == "nobody"
    client = host.client()
    host.log_in(client, host.vic, remember="1")

    assert is_held(client)
    assert client.get_cookie("remember_token") is None
    assert not host.lets_in(client, host.vic)


def test_a_replaced_manager_mints_no_cookie() -> None:
    """The hook that a replaced login manager left behind remembers nobody."""
    host = Host(Ours())
    host.join(LoginManager())

    assert not remember_cookie_of_a_dead_session(host)


def test_a_hook_put_in_our_place_is_moved() -> None:
    """The final check stays the last thing that happens to an answer."""
    host = OurHost()
    host.held()

    def brag(response: Response) -> Response:
        response.headers["X-Seen"] = who()
        return response

    host.app.after_request_funcs[None].insert(0, brag)
    client = host.client()
    answer = host.log_in(client, host.vic)

    assert "X-Seen" not in answer.headers
    assert host.app.after_request_funcs[None][0] is login_hook.finish


def refused(app: Flask) -> str:
    """Give the faults that every request of this app meets."""
    app.add_url_rule("/whoami", "whoami", lambda: "hello")
    app.config["PROPAGATE_EXCEPTIONS"] = True
    found = set()
    for _ in range(2):
        with pytest.raises(ConfigurationError) as error:
            app.test_client().get("/whoami")
        found.add(str(error.value))
    return found.pop()


def test_a_landing_page_that_is_none_is_named() -> None:
    """A typo in TWOFACTOR_AFTER_LOGIN is told at the first request, not at the first login."""
    app = make_app(TWOFACTOR_AFTER_LOGIN="acount")
    LoginManager(app)
    TwoFactor(app)

    assert "no endpoint 'acount'" in refused(app)


def test_a_support_address_that_is_none_is_named() -> None:
    """What a person could not follow, or should not, is a fault of the setting."""
    for wrong in ("javascript:alert(1)", "help@host.test"):
        app = make_app(TWOFACTOR_SUPPORT_URL=wrong)
        with pytest.raises(ConfigurationError, match="mailto:"):
            TwoFactor(app)


def test_an_app_without_a_login_manager_is_not_served() -> None:
    """Nothing is served while there is nothing to hook, and the remedy is named."""
    app = make_app()
    TwoFactor(app)

    assert "LoginManager().init_app(app)" in refused(app)


@pytest.mark.parametrize("found", ["0.6.2", "0.7.0", "1.0"])
def test_an_untried_flask_login_is_not_served(monkeypatch: pytest.MonkeyPatch, found: str) -> None:
    """The guard stands on a private method, so other releases refuse every request."""
    monkeypatch.setattr(login_hook, "version", lambda _: found)
    app = make_app()
    LoginManager(app)
    TwoFactor(app)

    assert "flask-login>=0.6.3,<0.7" in refused(app)


def test_another_id_than_get_id_is_not_served() -> None:
    """A session that keeps another id than the user gives cannot be vetted, so nothing is served."""
    app = make_app()
    LoginManager(app).id_attribute = "session_token"
    TwoFactor(app)

    assert "get_id() give what that method gives" in refused(app)


def test_a_taken_blueprint_name_is_refused() -> None:
    """A blueprint of the host with our name is named at once."""
    app = make_app()
    app.register_blueprint(Blueprint("twofactor", __name__))

    with pytest.raises(ConfigurationError, match="Rename the app's own blueprint"):
        TwoFactor(app)


@pytest.mark.parametrize("lost", ["tables", "rows"])
def test_a_lost_store_is_not_an_empty_one(tmp_path: Path, lost: str) -> None:
    """If what the database held vanishes while in use, visits and logins get 503."""
    uri = f"sqlite:///{tmp_path / 'two.sqlite'}"
    host = OurHost(TWOFACTOR_DATABASE_URI=uri, TWOFACTOR_KEYS=KEYS)
    inside, client = host.signed_in(host.vic), host.client()
    engine = create_engine(uri)
    with engine.begin() as connection:
        for table in reversed(schema.metadata.sorted_tables):
            connection.execute(DropTable(table) if lost == "tables" else delete(table))
    engine.dispose()
    answers = [host.log_in(client, host.vic), inside.get("/account")]

    assert [answer.status_code for answer in answers] == [503, 503]
    assert not host.lets_in(client, host.vic)


def test_a_new_container_without_its_store_refuses(tmp_path: Path) -> None:
    """In production nothing makes itself: an app that finds no store lets nobody in."""
    uri = f"sqlite:///{tmp_path / 'two.sqlite'}"
    host = Host(Ours(), TESTING=False, TWOFACTOR_DATABASE_URI=uri, TWOFACTOR_KEYS=KEYS)
    client = host.client()
    answer = host.log_in(client, host.ann)

    assert answer.status_code == 503
    assert not host.lets_in(client, host.ann)
