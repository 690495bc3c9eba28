"""The tutorial: its code builds an app, and following it works."""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from flask_twofactor.testing import FrozenClock, current_code, frozen_clock

from .support.pages_of_docs import ROOT, blocks, build_files, text_of

PAGE = "tutorial/ten-minutes.md"
LOGIN = {"email": "ann@example.com", "password": "tutorial"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with the files that the tutorial has one write."""
    assert build_files(PAGE, tmp_path) == ["app.py", "test_app.py"]
    return tmp_path


@pytest.fixture
def app(folder: Path) -> Iterator[Flask]:
    """The tutorial's app, run in debug as the tutorial does."""
    spec = importlib.util.spec_from_file_location("tutorial_app", folder / "app.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    module.app.debug = True
    yield module.app
    del sys.modules[spec.name]


@pytest.fixture
def clock(app: Flask) -> Iterator[FrozenClock]:
    """A clock that stands still."""
    with frozen_clock(app) as clock:
        yield clock


def token(page: TestResponse) -> str:
    """Read the form's CSRF token."""
    found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page.text)
    assert found, page.text
    return found[1]


def answer(client: FlaskClient, address: str, code: str) -> TestResponse:
    """Send the form of a page, as a browser would."""
    form = {"csrf_token": token(client.get(address)), "method": "totp", "code": code}
    return client.post(address, data=form)


def set_up(app: Flask, client: FlaskClient) -> tuple[str, list[str]]:
    """Follow step 3, and give the secret and the backup codes."""
    assert "Set up two-factor authentication" in client.get("/two-factor/").text
    assert "Get started" in client.get("/two-factor/setup").text
    page = client.get("/two-factor/setup/totp")
    key = re.search(r'id="tf-key"[^>]*>([^<]+)<', page.text)
    assert key
    assert "Verify and enable" in page.text
    secret = key[1].replace(" ", "").strip()
    shown = answer(client, "/two-factor/setup/totp", current_code(app, secret))
    assert "I saved them" in shown.text
    return secret, re.findall(r"<code>([\w-]{29})</code>", shown.text)


def test_following_the_tutorial(app: Flask, clock: FrozenClock) -> None:
    """Login, setup, sign out, challenge: each step ends as the page says it does."""
    client = app.test_client()
    assert client.post("/login", data=LOGIN).location == "/account"
    assert "Hello ann@example.com" in client.get("/account").text
    secret, codes = set_up(app, client)
    assert len(codes) == 10

    client.get("/logout")
    assert "/two-factor/challenge" in str(client.post("/login", data=LOGIN).location)
    assert client.get("/account").status_code == 302
    again = answer(client, "/two-factor/challenge", current_code(app, secret))
    assert "That code was just used. Wait for the next one." in again.text

    clock.move(30)
    released = answer(client, "/two-factor/challenge", current_code(app, secret))
    assert released.location == "/account"
    assert "Hello ann@example.com" in client.get("/account").text


def test_the_dangerous_view(app: Flask, clock: FrozenClock) -> None:
    """A signed-in session is asked for a fresh code, and one code opens the view."""
    client = app.test_client()
    client.post("/login", data=LOGIN)
    secret, _ = set_up(app, client)
    asked = client.get("/delete-account")
    assert "/two-factor/step-up" in str(asked.location)

    clock.move(30)
    passed = answer(client, str(asked.location), current_code(app, secret))
    assert passed.location == "/delete-account"
    assert client.get("/delete-account").status_code == 200


def test_the_buttons_are_named_as_they_are() -> None:
    """What the page prints in bold is a button or a link of the app."""
    bold = set(re.findall(r"\*\*([^*]+)\*\*", text_of(PAGE)))

    assert bold == {
        "Security",
        "Set up two-factor authentication",
        "Get started",
        "Verify and enable",
        "I saved them",
    }


def test_the_commands_run(folder: Path) -> None:
    """The tutorial's own test passes, the store is made, the doctor answers."""
    commands = [
        line
        for block in blocks(PAGE, "sh")
        for line in block.splitlines()
        if line.startswith(("python -m pytest", "flask --app app twofactor"))
    ]
    assert len(commands) == 3
    outcomes = [_run(line.split(), folder) for line in commands]

    assert [done.returncode for done in outcomes] == [0, 0, 1], outcomes
    for named in ("SECRET_KEY", "SESSION_COOKIE_SECURE", "no_mail"):
        assert named in outcomes[2].stdout


def _run(words: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    words = words[2:] if words[0] == "python" else words
    command = [sys.executable, "-m", *words]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
