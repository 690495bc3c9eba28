"""The how-to about deployment: its example runs on gunicorn and PostgreSQL, with several workers."""

from __future__ import annotations

import http.client
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from pathlib import Path
from urllib.parse import urlencode

import pyotp
import pytest

from flask_twofactor.stores.keys import new_key

from .support.pages_of_docs import ROOT, blocks, build_files, text_of
from .support.wsgi_servers import BIN, PATIENCE, await_port, free_port

PAGE = "how-to/deploy.md"
HOST = "portal.example.com"
PROXY = {"Host": HOST, "X-Forwarded-Host": HOST, "X-Forwarded-Proto": "https"}


@dataclass(slots=True)
class Browser:
    """A browser behind the proxy: it keeps cookies, also secure ones."""

    port: int
    cookies: dict[str, str] = field(default_factory=dict)

    def send(self, path: str, **fields: str) -> tuple[int, str]:
        """Get a page, or post a form to it; give the status, and the text or where it leads."""
        kept = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        headers = {**PROXY, "Cookie": kept, "Referer": f"https://{HOST}{path}"}
        headers["Content-Type"] = "application/x-www-form-urlencoded"
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        connection.request("POST" if fields else "GET", path, urlencode(fields), headers)
        answer = connection.getresponse()
        text = answer.read().decode()
        for line in answer.headers.get_all("Set-Cookie") or []:
            assert "Secure" in line
            self.cookies.update({name: one.value for name, one in SimpleCookie(line).items()})
        connection.close()
        return answer.status, answer.headers["Location"] or text

    def answer(self, path: str, code: str) -> tuple[int, str]:
        """Type a code into a page of ours."""
        _, page = self.send(path)
        token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)
        assert token, page
        return self.send(path, csrf_token=token[1], method="totp", code=code)

    def log_in(self) -> tuple[int, str]:
        """Type the password."""
        return self.send("/login", email="ann@example.com", password="example")


@dataclass(slots=True)
class Deployed:
    """The example in a folder, with the environment that its file of settings names."""

    folder: Path
    environment: dict[str, str]

    def run(self, line: str) -> subprocess.CompletedProcess[str]:
        """Run a command of the page."""
        words = [sys.executable, "-m", *line.split()]
        return subprocess.run(
            words, cwd=self.folder, env=self._all(), capture_output=True, text=True, check=False
        )

    @contextmanager
    def serving(self) -> Iterator[int]:
        """Run gunicorn as the page does, and give its port."""
        port = free_port()
        environment = {**self._all(), "BIND": f"127.0.0.1:{port}"}
        command = [BIN / "gunicorn", "portal:create_app()", "--log-level", "warning"]
        with subprocess.Popen(command, env=environment, cwd=self.folder) as process:
            try:
                await_port(process, port)
                yield port
            finally:
                process.terminate()
                process.wait(PATIENCE)

    def _all(self) -> dict[str, str]:
        return {**os.environ, "PYTHONPATH": str(ROOT), **self.environment}


@pytest.fixture
def deployed(tmp_path: Path, postgresql_uri: str) -> Deployed:
    """The example's files, its settings, and its store, made as the page says."""
    assert build_files(PAGE, tmp_path) == ["gunicorn.conf.py", "portal.env", "portal.py"]
    names = re.findall(r"^(\w+)=", (tmp_path / "portal.env").read_text(), flags=re.MULTILINE)
    values = ["k3y-of-the-example-app-17", postgresql_uri, new_key()]
    made = Deployed(tmp_path, dict(zip(names, values, strict=False)))
    done = made.run("flask --app portal twofactor init")
    assert done.returncode == 0, done.stderr
    made.environment[names[3]] = done.stdout.strip()
    return made


@pytest.mark.postgresql
def test_the_example_serves(deployed: Deployed) -> None:
    """Setup and login through four workers; of one code sent to several, one is taken."""
    with deployed.serving() as port:
        ann = Browser(port)
        assert ann.log_in() == (302, "/account")
        _, page = ann.send("/two-factor/setup/totp")
        key = re.search(r'id="tf-key"[^>]*>([^<]+)<', page)
        assert key
        app = pyotp.TOTP(key[1].replace(" ", "").strip())
        assert ann.answer("/two-factor/setup/totp", app.now())[0] == 200
        assert ann.send("/account") == (200, "Your account")

        others = [Browser(port) for _ in range(4)]
        assert {other.log_in()[1] for other in others} == {"/two-factor/challenge"}
        assert {other.send("/account")[0] for other in others} == {302}
        code = app.at(int(time.time()) + 30)
        with ThreadPoolExecutor(len(others)) as pool:
            answers = list(
                pool.map(lambda one: one.answer("/two-factor/challenge", code)[0], others)
            )
        assert sorted(answers) == [303, 400, 400, 400]
        inside = others[answers.index(303)]
        assert inside.send("/account") == (200, "Your account")


@pytest.mark.postgresql
def test_the_commands_of_the_page_run(deployed: Deployed) -> None:
    """Each command that the page names ends well; the doctor misses only mails."""
    lines = [
        line.strip()
        for block in re.findall(r"```sh\n(.*?)```", text_of(PAGE), flags=re.DOTALL)
        for line in block.splitlines()
        if line.strip().startswith("flask ") and " init" not in line
    ]
    outcomes = {line: deployed.run(line) for line in lines}
    codes = {line.split(" twofactor ")[1]: done.returncode for line, done in outcomes.items()}

    assert codes == {
        "db upgrade": 0,
        "doctor": 3,
        "audit --json --since 1d --limit 0": 0,
        "after-restore --yes": 0,
    }
    (doctor,) = [done.stdout for line, done in outcomes.items() if line.endswith("doctor")]
    assert re.findall(r"^(?:fault|warning) (\w+):", doctor, flags=re.MULTILINE) == ["no_mail"]


def test_the_settings_file_names_what_the_app_reads() -> None:
    """Each variable of the file is read by the app, and no other."""
    (portal,) = [code for code in blocks(PAGE, "python") if code.startswith("# portal.py")]
    (settings,) = [text for text in blocks(PAGE, "text") if text.startswith("# portal.env")]
    read = set(re.findall(r'environ(?:\.get\(|\[)"(\w+)"', portal))

    assert set(re.findall(r"^(\w+)=", settings, flags=re.MULTILINE)) == read
