"""A second factor by hand, in the fewest steps that are still safe: the floor for an extension.

It keeps a replay guard, a count of failures, CSRF and a signed device cookie. It has no throttle
over time, no sealing, no audit, no revocation, no notices and no pages to set it up.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import time
from pathlib import Path

import pyotp
from flask import Response, make_response, redirect, render_template_string, request, session
from flask_login import login_user
from flask_wtf import FlaskForm
from itsdangerous import BadData, URLSafeTimedSerializer
from sqlalchemy import (
    Column,
    Engine,
    Integer,
    MetaData,
    String,
    Table,
    bindparam,
    delete,
    insert,
    select,
    update,
)
from wtforms import BooleanField, StringField

from benchmarks import host
from benchmarks.client import Answer, Client
from benchmarks.peers import bare, peer

MOST_FAILURES, MONTH = 10, 30 * 86400
metadata = MetaData()
factor = Table(
    "factor",
    metadata,
    Column("member", Integer, primary_key=True),
    Column("secret", String(32), nullable=False),
    Column("step", Integer, nullable=False),
    Column("failures", Integer, nullable=False),
)
backup = Table(
    "backup",
    metadata,
    Column("digest", String(64), primary_key=True),
    Column("member", Integer, nullable=False, index=True),
)
MINE = factor.c.member == bindparam("user")
READ = select(factor).where(MINE)
PAY = (
    update(factor)
    .where(MINE, factor.c.failures < MOST_FAILURES)
    .values(failures=factor.c.failures + 1)
)
CLAIM = (
    update(factor)
    .where(MINE, factor.c.step < bindparam("now"))
    .values(step=bindparam("now"), failures=0)
)
CLEAR = update(factor).where(MINE).values(failures=0)
SPEND = delete(backup).where(
    backup.c.digest == bindparam("code"), backup.c.member == bindparam("user")
)
REPLACE, ADD = delete(backup).where(backup.c.member == bindparam("user")), insert(backup)
PAGE = """<!doctype html><title>Code</title><form method="post">{{ form.hidden_tag() }}
{{ form.code.label }} {{ form.code() }} {{ form.remember.label }} {{ form.remember() }}
<button>Continue</button></form>"""


class CodeForm(FlaskForm):
    """What a person types at the second step."""

    code = StringField("Code")
    remember = BooleanField("Remember this device")


class Peer(bare.Peer):
    """The host with two views of its own."""

    def __init__(self, folder: Path, *, second_factor: bool) -> None:
        super().__init__(folder, second_factor=second_factor)
        self.engine: Engine = self.flask.extensions["engine"]
        key = self.flask.config["SECRET_KEY"]
        self.devices = URLSafeTimedSerializer(
            key, salt="device", signer_kwargs={"digest_method": hashlib.sha256}
        )
        self.flask.view_functions["login"] = self._login
        self.flask.add_url_rule("/code", "code", self._code, methods=["GET", "POST"])

    def fill(self) -> None:
        """Give ann a secret."""
        super().fill()
        metadata.create_all(self.engine)
        row = {"member": 1, "secret": peer.SECRET, "step": -1, "failures": 0}
        with self.engine.begin() as connection:
            connection.execute(insert(factor), row)

    def forget(self) -> None:
        """Put back the step and the count."""
        with self.engine.begin() as connection:
            connection.execute(update(factor).values(step=-1, failures=0))

    def give_code(self, client: Client, answer: Answer, code: str) -> Answer:
        """Send the code form."""
        client.follow(answer)
        return client.post("/code", code=code)

    def remember(self) -> Client:
        """Tick the box."""
        client = Client(self.app)
        client.get(self.login)
        client.follow(self.give_password(client))
        answer = client.post("/code", code=peer.right_code(), remember="y")
        peer.expect_landing(client.follow(answer))
        return client

    def check_totp(self, code: str) -> bool:
        """Pay, compare and claim the step, in one transaction."""
        with self.engine.begin() as connection:
            row = connection.execute(READ, {"user": 1}).one()
            if not connection.execute(PAY, {"user": 1}).rowcount:
                return False
            now = int(time.time()) // peer.PERIOD
            totp = pyotp.TOTP(row.secret)
            steps = [
                step
                for step in (now - 1, now, now + 1)
                if hmac.compare_digest(totp.generate_otp(step), code)
            ]
            found = steps and connection.execute(CLAIM, {"user": 1, "now": steps[0]}).rowcount
        return bool(found)

    def check_backup(self, code: str) -> bool:
        """Pay, and find and spend the code by one DELETE."""
        with self.engine.begin() as connection:
            if not connection.execute(PAY, {"user": 1}).rowcount:
                return False
            spent = connection.execute(SPEND, {"user": 1, "code": self._digest(code)}).rowcount
            if spent:
                connection.execute(CLEAR, {"user": 1})
        return bool(spent)

    def make_codes(self) -> list[str]:
        """Keep keyed digests of ten random codes."""
        codes = [secrets.token_hex(8) for _ in range(10)]
        with self.engine.begin() as connection:
            connection.execute(REPLACE, {"user": 1})
            connection.execute(ADD, [{"digest": self._digest(one), "member": 1} for one in codes])
        return codes

    def _digest(self, code: str) -> str:
        key = str(self.flask.config["SECRET_KEY"]).encode()
        return hmac.new(key, code.encode(), "sha256").hexdigest()

    def _login(self) -> Response:
        form = host.LoginForm()
        if form.validate_on_submit():
            user = host.find(self.engine, form.email.data, form.password.data)
            if user is not None and (self._is_trusted(user.id) or not self._is_set_up(user.id)):
                login_user(user)
                return make_response(redirect("/account"))
            if user is not None:
                session["pending"] = user.id
                return make_response(redirect("/code"))
        return make_response(render_template_string(host.LOGIN, form=form))

    def _code(self) -> Response:
        form = CodeForm()
        if form.validate_on_submit() and self.check_totp(form.code.data or ""):
            user_id = session.pop("pending")
            login_user(host.load(self.engine, user_id))
            answer = make_response(redirect("/account"))
            if form.remember.data:
                cookie = self.devices.dumps(user_id)
                answer.set_cookie("device", cookie, max_age=MONTH, httponly=True, samesite="Lax")
            return answer
        return make_response(render_template_string(PAGE, form=form))

    def _is_set_up(self, user_id: int) -> bool:
        with self.engine.connect() as connection:
            return connection.execute(READ, {"user": user_id}).first() is not None

    def _is_trusted(self, user_id: int) -> bool:
        try:
            found = self.devices.loads(request.cookies.get("device", ""), max_age=MONTH)
        except BadData:
            return False
        return bool(found == user_id)
