"""Flask-Security-Too with two-factor, as its documentation wires it."""

from __future__ import annotations

from pathlib import Path

from flask import Flask, render_template_string
from flask_login import login_required
from flask_security import Security, SQLAlchemyUserDatastore, hash_password
from flask_security.models import fsqla_v3
from flask_sqlalchemy import SQLAlchemy
from flask_wtf import CSRFProtect

from benchmarks.client import Answer, Client
from benchmarks.peers import peer

LANDING = "<!doctype html><title>Account</title><p>Account of {{ current_user.email }}</p>"
CODE_PAGE = "/tf-validate"
SETTINGS = {
    "SECRET_KEY": "a benchmark's key, which guards nothing",
    "SECURITY_PASSWORD_SALT": "a salt",
    # One MD5 stands for the password hash, as on every host here.
    "SECURITY_PASSWORD_HASH": "hex_md5",
    "SECURITY_PASSWORD_SCHEMES": ["hex_md5"],
    "SECURITY_DEPRECATED_PASSWORD_SCHEMES": [],
    "SECURITY_PASSWORD_SINGLE_HASH": ["hex_md5"],
    "SECURITY_EMAIL_VALIDATOR_ARGS": {"check_deliverability": False},
    "SECURITY_POST_LOGIN_VIEW": "/account",
}
TWO_FACTOR = {
    "SECURITY_TWO_FACTOR": True,
    "SECURITY_TWO_FACTOR_ENABLED_METHODS": ["authenticator"],
    "SECURITY_TWO_FACTOR_ALWAYS_VALIDATE": False,
    "SECURITY_MULTI_FACTOR_RECOVERY_CODES": True,
    "SECURITY_MULTI_FACTOR_RECOVERY_CODES_N": 10,
    "SECURITY_TOTP_SECRETS": {"1": "a key that seals the secrets, 32+"},
    "SECURITY_TOTP_ISSUER": "host",
}


class Peer(peer.Peer):
    """A host on Flask-SQLAlchemy and the models that come with the peer."""

    def __init__(self, folder: Path, *, second_factor: bool) -> None:
        self.second_factor = second_factor
        self.app = self.flask = Flask("host")
        folder.mkdir(parents=True, exist_ok=True)
        self.flask.config.update(SETTINGS | (TWO_FACTOR if second_factor else {}))
        self.flask.config["SQLALCHEMY_DATABASE_URI"] = f"sqlite:///{folder / 'host.sqlite'}"
        self.db = SQLAlchemy(self.flask)
        fsqla_v3.FsModels.set_db_info(self.db)
        self.users = SQLAlchemyUserDatastore(self.db, *_models(self.db))
        self.security = Security(self.flask, self.users)
        CSRFProtect(self.flask)
        self.flask.add_url_rule("/", "index", _index)
        self.flask.add_url_rule("/account", "account", login_required(_account))

    def fill(self) -> None:
        """Make ann, with a secret sealed as the peer does it."""
        with self.flask.app_context():
            self.db.create_all()
            user = self.users.create_user(email=peer.EMAIL, password=hash_password(peer.PASSWORD))
            if self.second_factor:
                totp = self.security.totp_factory._totp  # noqa: SLF001 - no public way to import one
                sealed = totp(key=peer.SECRET, format="base32").to_json(encrypt=True)
                self.users.tf_set(user, "authenticator", totp_secret=sealed)
            self.db.session.commit()

    def give_password(self, client: Client) -> Answer:
        """Send the peer's own form, with "remember me"."""
        return client.post(self.login, email=peer.EMAIL, password=peer.PASSWORD, remember="")

    def give_code(self, client: Client, answer: Answer, code: str) -> Answer:
        """Send the code form."""
        client.follow(answer)
        return client.post(CODE_PAGE, code=code)

    def remember(self) -> Client:
        """Log in with "remember me", which here trusts the device too."""
        client = Client(self.app)
        client.get(self.login)
        fields = {"email": peer.EMAIL, "password": peer.PASSWORD, "remember": "y"}
        answer = self.give_code(client, client.post(self.login, **fields), peer.right_code())
        peer.expect_landing(client.follow(answer))
        client.cookies.pop("remember_token", None)
        return client

    def check_totp(self, code: str) -> bool:
        """Find the user and check; nothing is written, for the peer keeps no used steps."""
        with self.flask.app_context():
            user = self.users.find_user(email=peer.EMAIL)
            found = self.security.totp_factory.verify_totp(
                token=code, totp_secret=user.tf_totp_secret, user=user, window=30
            )
        return bool(found)

    def check_backup(self, code: str) -> bool:
        """Find the code in the user's row, and take it out."""
        codes = self.security.mf_recovery_codes_util
        with self.flask.app_context():
            user = self.users.find_user(email=peer.EMAIL)
            found = codes.check_recovery_code(user, code)
            if found:
                codes.delete_recovery_code(user, code)
                self.db.session.commit()
        return bool(found)

    def make_codes(self) -> list[str]:
        """Keep ten new codes in the user's row."""
        with self.flask.app_context():
            user = self.users.find_user(email=peer.EMAIL)
            made: list[str] = self.security.mf_recovery_codes_util.create_recovery_codes(user)
            self.db.session.commit()
        return made


def _models(db: SQLAlchemy) -> tuple[type, type, type]:
    class Role(db.Model, fsqla_v3.FsRoleMixin):  # type: ignore[name-defined,misc] # made at run time
        pass

    class User(db.Model, fsqla_v3.FsUserMixin):  # type: ignore[name-defined,misc] # the same
        pass

    class WebAuthn(db.Model, fsqla_v3.FsWebAuthnMixin):  # type: ignore[name-defined,misc] # the same
        pass

    return User, Role, WebAuthn


def _index() -> str:
    return render_template_string("<!doctype html><title>Welcome</title><p>Hello</p>")


def _account() -> str:
    return render_template_string(LANDING)
