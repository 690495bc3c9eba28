"""Running commands as an operator does, on an app with people in it."""

from __future__ import annotations

import json
from typing import Any

from click.testing import Result
from flask import Flask

from .browsing import OurHost
from .guard import Ours
from .host import Host


class Operated(OurHost):
    """A host whose people are found by key or address; Vic has an authenticator app."""

    def __init__(self, *, protects: bool = True, **config: Any) -> None:
        guard = Ours()
        guard.twofactor.find_user(self.find)
        if protects:
            super().__init__(guard, **config)
        else:
            Host.__init__(self, guard, **config)

    def find(self, typed: str) -> Any:
        """Find a person by key or address."""
        return next((one for one in self.people if typed in {one.id, one.email}), None)

    def run(self, *words: str, **options: Any) -> Result:
        """Run `flask twofactor` with these words."""
        return run(self.app, *words, **options)

    def json(self, *words: str) -> Any:
        """Run a command and read its JSON."""
        done = self.run(*words, "--json")
        assert done.stderr == "", done.stderr
        return json.loads(done.stdout)


def run(app: Flask, *words: str, **options: Any) -> Result:
    """Run `flask twofactor` with these words on an app."""
    return app.test_cli_runner().invoke(args=["twofactor", *words], **options)
