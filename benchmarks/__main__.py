"""`python -m benchmarks [--quick]`: a table of ratios to bare Flask-Login, in one run.

Rounds are interleaved and ratios are taken round by round, so that a busy machine slows both
alike; differences under about 3 % are not resolved by time, calls and statements are exact.
Password hashing is left out on purpose: it would hide every difference here. The peers, HTTP,
concurrency and fsync-bound commits are not measured by this command.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import cast

import pyotp
import qrcode
import qrcode.image.svg
from flask import Flask
from sqlalchemy import update

from benchmarks.client import Client
from benchmarks.host import User, counting, make_host
from benchmarks.measure import calls, interleave, ratio
from flask_twofactor.core.codes import make_backup_code
from flask_twofactor.methods.totp import PERIOD
from flask_twofactor.stores import schema
from flask_twofactor.stores.sqlalchemy import SQLStore
from flask_twofactor.testing import set_up_totp
from flask_twofactor.web.qr import svg
from flask_twofactor.web.state import app_state

URI = "otpauth://totp/Meridian:ann@maple.test?secret=" + "A" * 32 + "&issuer=Meridian"
STACK = "import flask, flask_login, flask_wtf, sqlalchemy.orm, time; t = time.process_time(); "


class Login:
    """A full login as a browser does it, again and again."""

    def __init__(self, app: Flask, secret: str | None) -> None:
        self.app, self.secret = app, secret
        self.client = Client(app)

    def __call__(self) -> None:
        """Log in from nothing to the account page."""
        self.client = client = Client(self.app)
        client.get("/login")
        client.post("/login", email="ann")
        if self.secret is not None:
            client.get("/two-factor/challenge")
            self.answer(pyotp.TOTP(self.secret).generate_otp(int(time.time()) // PERIOD))
        status, _, text = client.get("/account")
        assert status.startswith("200"), (status, text)

    def answer(self, code: str) -> None:
        """Answer the challenge."""
        self.client.post("/two-factor/challenge", method="totp", code=code)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks")
    parser.add_argument("--quick", action="store_true", help="a few seconds, rough figures")
    rounds = 8 if parser.parse_args().quick else 60
    with tempfile.TemporaryDirectory() as folder:
        bare = make_host(Path(folder) / "bare", protected=False)
        ours = make_host(Path(folder) / "ours", protected=True)
        secret = set_up_totp(ours, _ann())
        forget = _forgetter(ours)
        _pages(bare, ours, secret, forget, rounds)
        _checks(ours, rounds)
    _drawing(rounds)
    _imports()


def _pages(
    bare: Flask, ours: Flask, secret: str, forget: Callable[[], object], rounds: int
) -> None:
    plain, held = Login(bare, None), Login(ours, secret)
    marked = Login(ours, None)
    marked.client.get("/login")
    marked.client.post("/login", email="bob")
    plain()
    held()
    forget()
    print(f"{'':34}{'bare us':>9}{'ours us':>9}{'ratio (quartiles)':>24}{'calls':>8}{'SQL':>6}")
    for name, path, theirs, mine in (
        ("anonymous page", "/", Client(bare), Client(ours)),
        ("static file (missing)", "/static/x", Client(bare), Client(ours)),
        ("page, with two-factor", "/account", plain.client, held.client),
        ("page, without", "/account", plain.client, marked.client),
    ):
        _row(name, lambda c=theirs, p=path: c.get(p), lambda c=mine, p=path: c.get(p), ours, rounds)

    def login() -> None:
        forget()
        held()

    _row("full login with a code", plain, login, ours, rounds, extra=-1)
    print(f"  requests {held.client.requests}, session cookie {_cookie(held.client)} bytes")


def _row(
    name: str,
    theirs: Callable[[], object],
    mine: Callable[[], object],
    app: Flask,
    rounds: int,
    extra: int = 0,
) -> None:
    times = interleave({"bare": theirs, "ours": mine}, rounds, 10)
    middle, low, high = ratio(times["ours"], times["bare"])
    more = calls(mine) - calls(theirs)
    opened = _store(app).opened()
    with counting(opened.engine, opened.reader) as seen:
        mine()
    spread = f"{middle:.2f} ({low:.2f}-{high:.2f})"
    print(
        f"{name:34}{times['bare'].median:9.0f}{times['ours'].median:9.0f}{spread:>24}"
        f"{more:+8}{len(seen) + extra:6}"
    )


def _checks(app: Flask, rounds: int) -> None:
    ports = app_state(app).ports
    with app.app_context():
        owned = ports.store.authenticators("member:1")
    method = ports.methods[0]
    from flask_twofactor.core.records import Step  # noqa: PLC0415

    secret = str((owned[0].data or {})["secret"])
    right = pyotp.TOTP(secret).generate_otp(int(time.time()) // PERIOD)
    wrong = "000000" if right != "000000" else "111111"
    now = time.time()
    times = interleave(
        {
            "right": lambda: method.complete_challenge(owned, Step(), right, now),
            "wrong": lambda: method.complete_challenge(owned, Step(), wrong, now),
            "make ten backup codes": lambda: [make_backup_code() for _ in range(10)],
        },
        rounds,
        50,
    )
    print("\ncodes, without storage: " + _list({k: t.median for k, t in times.items()}))


def _drawing(rounds: int) -> None:
    def theirs() -> bytes:
        code = qrcode.make(URI, image_factory=qrcode.image.svg.SvgImage)
        return cast("bytes", code.to_string())

    times = interleave(
        {"qrcode": theirs, "ours": lambda: svg(URI, "QR code")}, max(3, rounds // 6), 2
    )
    middle, low, high = ratio(times["ours"], times["qrcode"])
    sizes = f"{len(svg(URI, 'QR code'))} bytes, qrcode's SvgImage {len(theirs())}"
    print(f"QR code: {middle:.2f} ({low:.2f}-{high:.2f}) of qrcode's SvgImage; {sizes}")


def _imports() -> None:
    script = STACK + "import flask_twofactor; print((time.process_time() - t) * 1000)"
    found = [
        float(
            subprocess.run([sys.executable, "-c", script], capture_output=True, check=True).stdout
        )
        for _ in range(5)
    ]
    print(f"import after the stack: {sorted(found)[2]:.1f} ms CPU")


def _list(values: dict[str, float]) -> str:
    return ", ".join(f"{name} {value:.0f} us" for name, value in values.items())


def _ann() -> User:
    return User(id=1, email="ann")


def _store(app: Flask) -> SQLStore:
    return cast("SQLStore", app_state(app).ports.store)


def _forgetter(app: Flask) -> Callable[[], object]:
    statement = update(schema.authenticator).values(counter=-1)
    engine = _store(app).opened().engine

    def forget() -> None:
        with engine.begin() as connection:
            connection.execute(statement)

    return forget


def _cookie(client: Client) -> int:
    return len("session") + len(client.cookies["session"])


if __name__ == "__main__":
    main()
