"""The page behind a mail's link: ends everything, asks nothing, tells nothing."""

from __future__ import annotations

import re
from unittest.mock import ANY

import pytest
from flask.testing import FlaskClient
from flask_wtf.csrf import CSRFProtect
from itsdangerous import URLSafeTimedSerializer

from flask_twofactor.testing import captured_messages
from flask_twofactor.web import cookies, i18n, links
from flask_twofactor.web.signing import serializer

from .support.browsing import TOKEN
from .support.guard import JSON, break_store
from .support.mails import BASE, be_reset, mailing_portal, turn_off
from .support.portal import CHALLENGE, Portal, form, send
from .support.trust import come_back, put, remember, value
from .test_translated_pages import Marked, words_of

WEEK = 7 * 86400
PATH = re.compile(rf"{BASE}(/two-factor/not-me/[\w.-]+)\n")


def link_of(host: Portal) -> str:
    """Change something as a thief would, and take the link from the mail."""
    with captured_messages(host.app) as sent:
        form(host.enter(), "/two-factor/backup-codes")
    found = PATH.search(sent[-1].text)
    assert found is not None
    return found[1]


def press(client: FlaskClient, path: str) -> int:
    """Open the page and press its button."""
    token = TOKEN.search(client.get(path).text)
    assert token is not None
    return client.post(path, data={"csrf_token": token[1]}).status_code


def test_the_button_ends_everything_everywhere() -> None:
    """From a browser with no session: the thief's and the owner's sessions, holds, knownness."""
    with mailing_portal() as host:
        host.guard.protect(host.vic)
        link, thief, owner, held = link_of(host), host.enter(), host.enter(), host.held()
        fresh = host.client()
        assert press(fresh, link) == 200

        assert not host.lets_in(thief, host.vic)
        assert not host.lets_in(owner, host.vic)
        assert held.get(CHALLENGE).status_code in {302, 401}
        assert not _is_known(host, owner)
        assert not host.lets_in(fresh, host.vic)
        assert host.events[-1].name == "not_me"
        assert host.lets_in(host.enter(), host.vic)


def test_the_button_ends_trust() -> None:
    """A trusted device is asked for a code again, also with its old cookie put back."""
    with mailing_portal() as host:
        host.guard.protect(host.vic)
        client, link = remember(host), link_of(host)
        old = value(host, client)
        assert come_back(host, client)
        assert press(host.client(), link) == 200

        assert not come_back(host, client)
        put(host, client, old)
        assert not come_back(host, client)


def _is_known(host: Portal, client: FlaskClient) -> bool:
    with host.app.test_request_context():
        cookie = client.get_cookie(cookies.name("known"))
    assert cookie is not None
    headers = {"Cookie": f"{cookie.key}={cookie.value}"}
    with host.app.test_request_context(headers=headers):
        store = host.app.extensions["twofactor"].ports.store
        return bool(store.knows_browser("@Person:2", cookies.references("known")))


def test_a_get_changes_nothing() -> None:
    """A scanner that follows the link, with any method but POST, ends nothing."""
    with mailing_portal() as host:
        host.guard.protect(host.vic)
        owner, link = host.enter(), link_of(host)
        for method in ("GET", "HEAD", "OPTIONS"):
            host.client().open(link, method=method)

        assert host.lets_in(owner, host.vic)
        page = host.client().get(link)
        assert "Sign out everywhere" in page.text
        assert host.vic.email not in page.text


def test_a_post_without_a_csrf_token_changes_nothing() -> None:
    """Another site cannot press the button; the page is shown again."""
    with mailing_portal() as host:
        host.guard.protect(host.vic)
        owner, link = host.enter(), link_of(host)
        answer = host.client().post(link)

        assert answer.status_code == 400
        assert "Sign out everywhere" in answer.text
        assert host.lets_in(owner, host.vic)


def test_the_owner_may_press_it_in_a_signed_in_browser() -> None:
    """The button also ends the session it was pressed in."""
    with mailing_portal() as host:
        host.guard.protect(host.vic)
        owner, link = host.enter(), link_of(host)
        assert press(owner, link) == 200

        assert not host.lets_in(owner, host.vic)


def test_another_persons_session_goes_on() -> None:
    """Only the person the mail was for is signed out, also in a browser of somebody else."""
    with mailing_portal() as host:
        host.guard.protect(host.vic)
        ann, link = host.plain(host.ann), link_of(host)
        assert press(ann, link) == 200

        assert host.lets_in(ann, host.ann)


def test_sessions_without_a_second_factor_end_too() -> None:
    """After a thief turned it off, the link still ends the thief's session."""
    with mailing_portal() as host:
        with captured_messages(host.app) as sent:
            turn_off(host)
        thief = host.plain()
        found = PATH.search(sent[-1].text)
        assert found is not None
        press(host.client(), found[1])

        assert not host.lets_in(thief, host.vic)


def test_the_link_works_for_seven_days_and_as_often_as_one_likes() -> None:
    """It names the person, not the epoch: what changed since does not matter."""
    with mailing_portal() as host:
        host.guard.protect(host.vic)
        link = link_of(host)
        be_reset(host)
        assert press(host.client(), link) == 200
        host.clock.move(WEEK - 61)
        assert press(host.client(), link) == 200
        host.clock.move(61)
        gone = host.client().get(link)

        assert gone.status_code == 400
        assert "This link no longer works" in gone.text


def forged(host: Portal) -> list[str]:
    """Give tokens that are none of ours for this page."""
    with host.app.test_request_context():
        mine = ["not_me", "@Person:2", "a" * 32, int(host.clock.now)]
        return [
            "a",
            "a.b.c",
            "x" * 5000,
            serializer("known").dumps(mine),
            URLSafeTimedSerializer("another key").dumps(mine),
            URLSafeTimedSerializer(str(host.app.secret_key)).dumps(mine),
            serializer(links.KIND).dumps(["known", *mine[1:]]),
            serializer(links.KIND).dumps("@Person:2"),
            serializer(links.KIND).dumps({"user_key": "@Person:2"}),
            serializer(links.KIND).dumps([*mine[:3], "soon"]),
            serializer(links.KIND).dumps(mine)[:-2],
        ]


@pytest.mark.parametrize("number", range(11))
def test_a_bad_link_says_one_thing(number: int) -> None:
    """Forged, cut, of another kind, too long: the same plain page, for GET and POST, no 500."""
    with mailing_portal() as host:
        host.guard.protect(host.vic)
        owner, tokens = host.enter(), forged(host)
        path = f"/two-factor/not-me/{tokens[number]}"
        client, page = host.client(), host.client().get("/two-factor/not-me/other").text
        got = client.get(path)

        assert (got.status_code, len(tokens)) == (400, 11)
        assert got.text == page
        assert client.post(path).status_code == 400
        assert host.lets_in(owner, host.vic)


def test_a_link_of_somebody_forgotten_ends_nothing_and_makes_nothing() -> None:
    """The page answers as ever; no row comes back to life."""
    with mailing_portal() as host:
        host.guard.protect(host.vic)
        link = link_of(host)
        with host.app.app_context():
            host.twofactor.forget_user(host.vic)
        assert press(host.client(), link) == 200

        assert host.events[-1].name == "forgotten"
        assert host.failures() == 0


def test_a_store_that_is_down_is_said(caplog: pytest.LogCaptureFixture) -> None:
    """The button answers 503, and works later."""
    with mailing_portal() as host:
        host.guard.protect(host.vic)
        link, client = link_of(host), host.client()
        token = TOKEN.search(client.get(link).text)
        assert token is not None
        break_store(host.app)

        assert client.post(link, data={"csrf_token": token[1]}).status_code == 503
    assert "not-me" not in caplog.text


def test_the_page_needs_no_session_over_https() -> None:
    """Behind HTTPS and an app-wide CSRFProtect the button works in a browser without cookies."""
    with mailing_portal() as host:
        CSRFProtect(host.app).exempt(host.app.view_functions["login"])
        host.guard.protect(host.vic)
        link = link_of(host)
        client, base = host.client(), "https://portal.test"
        token = TOKEN.search(client.get(link, base_url=base).text)
        assert token is not None
        headers = {"Referer": base + link}
        answer = client.post(link, base_url=base, data={"csrf_token": token[1]}, headers=headers)

        assert answer.status_code == 200
        assert answer.headers["Referrer-Policy"] == "same-origin"


def test_old_keys_are_still_read() -> None:
    """A link signed with a key of SECRET_KEY_FALLBACKS works."""
    with mailing_portal() as host:
        host.guard.protect(host.vic)
        link = link_of(host)
        host.app.config["SECRET_KEY_FALLBACKS"] = [host.app.secret_key]
        host.app.secret_key = "a new secret key for every signature"

        assert press(host.client(), link) == 200


def test_the_pages_are_translated(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every word of the three pages comes from the catalogue."""
    monkeypatch.setattr(i18n, "_catalogue", Marked)
    with mailing_portal(TWOFACTOR_SUPPORT_URL="/help") as host:
        host.guard.protect(host.vic)
        link, client = link_of(host), host.client()
        pages = [client.get(link).text, client.get("/two-factor/not-me/x").text]
        token = TOKEN.search(pages[0])
        assert token is not None
        pages.append(client.post(link, data={"csrf_token": token[1]}).text)

    for page in pages:
        assert words_of(re.sub(r"tests\.web\.support\.host", "", page)) == []


def test_the_link_has_the_prefix_of_the_language() -> None:
    """Where the app's own defaults fill the prefix, a link has it; without them mails have none."""
    with (
        mailing_portal(TWOFACTOR_URL_PREFIX="/<lang>/two-factor") as host,
        captured_messages(host.app) as sent,
    ):
        be_reset(host)
        host.app.url_defaults(lambda _endpoint, values: values.setdefault("lang", "fr"))
        be_reset(host)

    assert "://" not in sent[0].text
    assert f"{BASE}/fr/two-factor/not-me/" in sent[1].text


def test_json_clients_are_told_the_same() -> None:
    """A script gets a token, sends it back, and hears that it is done; or the stable code."""
    with mailing_portal() as host:
        host.guard.protect(host.vic)
        link = link_of(host)
        assert send(host.client(), link).get_json() == {"ok": True} | {"csrf_token": ANY}
        gone = host.client().get("/two-factor/not-me/x", headers=JSON)

        assert (gone.status_code, gone.get_json()["error"]) == (400, "link_gone")
