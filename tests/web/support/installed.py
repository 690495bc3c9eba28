"""An app on disk, run by real `flask` processes."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

APP = """
from flask import Flask
from flask_login import LoginManager, UserMixin
from flask_twofactor import TwoFactor

app = Flask("host", instance_path={folder!r})
app.config.update(SECRET_KEY="a" * 9 + "bcdefghij", **{config!r})
manager = LoginManager(app)


@manager.user_loader
def load(user_id):
    user = UserMixin()
    user.id = int(user_id)
    return user


TwoFactor(app)
"""


class Installed:
    """An app on disk, run by real `flask` processes."""

    def __init__(self, folder: Path, **config: Any) -> None:
        self.instance = folder / "instance"
        self.folder = folder
        text = APP.format(folder=str(self.instance), config=config)
        (folder / "site_app.py").write_text(text)

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run `flask --app site_app twofactor` with these words."""
        path = os.pathsep.join((str(self.folder), str(Path.cwd())))
        command = [sys.executable, "-m", "flask", "--app", "site_app", "twofactor", *words]
        return subprocess.run(
            command,
            env=os.environ | {"PYTHONPATH": path},
            cwd=self.folder,
            capture_output=True,
            text=True,
            check=False,
        )
