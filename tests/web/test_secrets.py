"""A whole run, and nothing secret in any log, event, cookie, address or repr."""

from __future__ import annotations

import base64
import logging
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

import pytest
from flask import request
from flask.testing import FlaskClient

from flask_twofactor import StoreError
from flask_twofactor.core.errors import RefusedError
from flask_twofactor.stores.keys import new_key
from flask_twofactor.testing import captured_messages
from flask_twofactor.web.state import app_state

from .support.guard import break_store, mend_store
from .support.host import PASSWORD, cookie, session_of
from .support.portal import (
    CHALLENGE,
    CODES,
    CONFIRM,
    DISABLE,
    OVERVIEW,
    PAGES,
    SETUP,
    STEP_UP,
    Portal,
    form,
    portal,
    read,
    scanned_code,
    send,
)

LOGGERS = ("", "flask_twofactor", "sqlalchemy", "sqlalchemy.engine", "sqlalchemy.pool", "werkzeug")


class Run:
    """Everything that was secret in a run, and everything that was left behind."""

    def __init__(self) -> None:
        self.secrets: set[str] = set()
        self.tokens: set[str] = set()
        self.typed: set[str] = {PASSWORD}
        self.traces: list[str] = []
        self.log = ""

    def watch(self, client: FlaskClient) -> None:
        """Note what the browser's cookie shows to whoever reads it."""
        value = cookie(client) or ""
        body = value.lstrip(".").split(".")[0]
        self.traces.append(value)
        self.traces.append(str(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4))))
        kept = session_of(client)
        self.tokens |= {str(kept[key]) for key in kept if key.startswith("_tf_")} - {""}
        self.traces.append(repr({key: value for key, value in kept.items() if key[:4] != "_tf_"}))


@pytest.fixture
def loud(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    """Let every logger say all it can."""
    for name in LOGGERS:
        caplog.set_level(logging.DEBUG, logger=name)
    return caplog


def set_up(host: Portal, run: Run) -> tuple[FlaskClient, list[str]]:
    """Set up on the pages, with a typo first."""
    client = host.plain()
    step = read(client, SETUP)
    run.secrets |= {step["key"], step["key"].replace(" ", ""), step["uri"], unquote(step["uri"])}
    run.watch(client)
    form(client, SETUP, code="000000")
    code = scanned_code(host, client)
    run.typed.add(code)
    done = send(client, SETUP, code=code).get_json()
    run.watch(client)
    run.secrets |= {*done["codes"], *(one.replace("-", "") for one in done["codes"])}
    host.guard._secrets[host.vic.id] = step["key"].replace(" ", "")
    return client, done["codes"]


def whole_run(host: Portal, run: Run) -> None:
    """Set up, log in, use a backup code, be wrong, step up, renew, break, turn off."""
    client, codes = set_up(host, run)
    held = host.held()
    run.watch(held)
    for method, code in (("totp", host.code()), ("backup_code", codes[0]), ("totp", "000000")):
        run.typed |= {code} - {"000000"}
        form(held if method == "totp" else host.held(), CHALLENGE, method=method, code=code)
        run.watch(held)
    form(host.held(), CHALLENGE, method="backup_code", code=codes[0])
    form(host.held(), CHALLENGE, method="totp", code=host.guard.code(host.vic))
    host.clock.move(600)
    form(client, CONFIRM, password="not the password")
    form(client, CONFIRM, password=PASSWORD)
    form(client, STEP_UP, method="totp", code=host.code())
    run.watch(client)
    run.secrets |= set(send(client, CODES).get_json()["codes"])
    client.get(OVERVIEW)
    while_broken(host, client)
    form(client, DISABLE)
    run.watch(client)


def while_broken(host: Portal, client: FlaskClient) -> None:
    """Let the store and a row of it fail, with codes typed meanwhile."""
    held = host.held()
    break_store(host.app)
    assert client.get(OVERVIEW).status_code == 503
    held.post(CHALLENGE, data={"code": host.guard.code(host.vic)})
    mend_store(host.app)


@pytest.fixture
def run_and_host(tmp_path: Path, loud: pytest.LogCaptureFixture) -> Iterator[tuple[Run, Portal]]:
    """Make the whole run on a store in a file, and collect what it left."""
    key, run = new_key(), Run()
    run.secrets |= {key, key.partition(":")[2]}
    uri = f"sqlite:///{tmp_path}/two.db"
    with portal(TWOFACTOR_DATABASE_URI=uri, TWOFACTOR_KEYS=[key]) as host:
        host.app.before_request(lambda: run.traces.append(request.url))
        with captured_messages(host.app) as mails:
            whole_run(host, run)
        assert len(mails) > 3
        run.traces += [part for one in mails for part in (one.subject, one.text, one.html)]
        run.log = loud.text
        run.traces += [run.log, *map(repr, host.events), *map(str, host.events)]
        state = app_state(host.app)
        run.traces += [repr(state), repr(state.settings), repr(state.ports), repr(host.twofactor)]
        run.traces += [repr(state.ports.store), repr(state.ports.store.opened())]  # type: ignore[attr-defined]
        with host.app.app_context():
            run.traces.append(repr(host.twofactor.status(host.vic)))
        yield run, host
        state.ports.store.opened().engine.dispose()  # type: ignore[attr-defined]


def test_nothing_secret_is_left_behind(run_and_host: tuple[Run, Portal]) -> None:
    """No secret, code, key or password in logs, events, cookies, addresses or reprs."""
    run, _ = run_and_host
    everything = "\n".join(run.traces)

    assert len(run.secrets) > 20
    assert "twofactor_account" in run.log  # the statements were logged
    assert [one for one in run.secrets if one in everything] == []
    assert [one for one in run.typed if re.search(rf"(?<![\w.]){one}(?![\w.])", everything)] == []


def test_no_token_leaves_the_cookie(run_and_host: tuple[Run, Portal]) -> None:
    """The opaque tokens of a session are in no log, event, address, repr, nor in the store."""
    run, host = run_and_host
    traces = [run.log, *map(repr, host.events), *(one for one in run.traces if "://" in one)]
    tokens = {one for one in run.tokens if len(one) == 43}

    assert len(tokens) > 3
    assert [one for one in tokens if one in "\n".join(traces)] == []


def test_nothing_secret_is_in_the_file(run_and_host: tuple[Run, Portal], tmp_path: Path) -> None:
    """The store's files hold no secret, code or token in a form that can be read."""
    run, _ = run_and_host
    data = b"".join(path.read_bytes() for path in tmp_path.iterdir())

    assert b"twofactor_hold" in data
    wanted = run.secrets | {one for one in run.tokens if len(one) == 43}
    assert [one for one in wanted if one.encode() in data] == []


def test_what_a_host_gets_has_no_secret() -> None:
    """Status and imported authenticators may be logged or sent as JSON."""
    with portal() as host, host.app.app_context():
        secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
        made = host.twofactor.import_totp(host.vic, secret, "Old phone")
        status = host.twofactor.status(host.vic)
        told = host.app.json.dumps([made, status])

        assert "Old phone" in told
        assert secret not in told
        assert status.protected


@pytest.mark.parametrize("path", [CHALLENGE, STEP_UP, SETUP, CONFIRM, OVERVIEW, f"{PAGES}/cancel"])
def test_no_form_puts_what_is_typed_into_an_address(path: str) -> None:
    """Every form of ours is sent by POST."""
    with portal() as host:
        client = host.held() if path == CHALLENGE and not host.guard.protect(host.vic) else None
        page = (client or host.protected()).get(path).text

        assert re.findall(r"<form(?![^>]*method=\"post\")[^>]*>", page) == []


def test_errors_name_no_secret() -> None:
    """What a flow raises says a code, never what was typed."""
    assert str(RefusedError("wrong_code", retry_after=3)) == "wrong_code"
    assert StoreError("the store did not answer").code == "unavailable"
