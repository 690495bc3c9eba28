"""The host with flask_twofactor, as it comes: hold, replay guard, throttle, audit, notices."""

from __future__ import annotations

from pathlib import Path
from typing import cast

from benchmarks import codes
from benchmarks.client import Answer, Client
from benchmarks.peers import bare, peer
from benchmarks.site import CHALLENGE, KEY, RESETS
from flask_twofactor import TwoFactor
from flask_twofactor.core.codes import make_backup_code
from flask_twofactor.core.records import Authenticator
from flask_twofactor.flows import changing
from flask_twofactor.stores.sqlalchemy import SQLStore
from flask_twofactor.web.state import app_state


class Peer(bare.Peer):
    """One line more than the bare host."""

    def __init__(self, folder: Path, *, second_factor: bool) -> None:
        super().__init__(folder, second_factor=second_factor)
        self.twofactor = TwoFactor(self.flask)
        self.ports = app_state(self.flask).ports

    def fill(self) -> None:
        """Make the store, and give ann an authenticator app and a set of codes."""
        super().fill()
        with self.flask.app_context():
            self.twofactor.init_store()
            changing.import_authenticator(self.ports, KEY, "totp", {"secret": peer.SECRET}, "Phone")
        made = Authenticator("codes", "backup_code", "Codes", 0.0, protects=False, data={})
        with self.ports.store.transaction() as transaction:
            transaction.add_authenticator(KEY, made)

    def forget(self) -> None:
        """Put back steps, codes, guesses."""
        store = cast("SQLStore", self.ports.store)
        with store.opened().engine.begin() as connection:
            for reset in RESETS:
                connection.execute(reset)

    def give_code(self, client: Client, answer: Answer, code: str) -> Answer:
        """Answer the challenge."""
        client.follow(answer)
        return client.post(CHALLENGE, method="totp", code=code)

    def remember(self) -> Client:
        """Tick the box, where this build has trusted devices."""
        client = Client(self.app)
        client.get(self.login)
        _, _, page = client.follow(self.give_password(client))
        if "remember_device" not in page:
            raise peer.NotOfferedError
        fields = {"method": "totp", "code": peer.right_code(), "remember_device": "1"}
        peer.expect_landing(client.follow(client.post(CHALLENGE, **fields)))
        return client

    def check_totp(self, code: str) -> bool:
        """Read, pay for the guess, compare, use up."""
        with self.flask.app_context():
            return codes.guess(self.ports, "totp", code)

    def check_backup(self, code: str) -> bool:
        """The same."""
        with self.flask.app_context():
            return codes.guess(self.ports, "backup_code", code)

    def make_codes(self) -> list[str]:
        """Keep keyed digests of ten new codes."""
        made = [make_backup_code() for _ in range(10)]
        with self.flask.app_context(), self.ports.store.transaction() as transaction:
            transaction.replace_codes(KEY, "codes", made, 0.0)
        return made
