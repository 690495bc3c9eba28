"""Bare Flask-Login: no second factor."""

from __future__ import annotations

from pathlib import Path

from benchmarks import host
from benchmarks.client import Answer, Client
from benchmarks.peers import peer


class Peer(peer.Peer):
    """The host of `make bench`."""

    def __init__(self, folder: Path, *, second_factor: bool) -> None:
        del second_factor
        self.app = self.flask = host.make_host(folder)

    def fill(self) -> None:
        """Make the host's users."""
        host.fill(self.flask)

    def give_password(self, client: Client) -> Answer:
        """Send the host's own form."""
        return client.post(self.login, email="ann", password=host.PASSWORD)
