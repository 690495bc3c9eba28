"""A phone with an authenticator app: it scans screens, shows codes, and has a clock of its own."""

from __future__ import annotations

import base64
import hashlib
import hmac
import io
import shutil
import struct
import subprocess
from dataclasses import dataclass
from typing import NamedTuple
from urllib.parse import parse_qs, unquote, urlsplit

import zxingcpp
from PIL import Image
from playwright.sync_api import Page

from flask_twofactor.testing import FrozenClock

STEP = 30


class Scanned(NamedTuple):
    """What a QR code says: the secret (base32), and whose it is as the app lists it."""

    secret: str
    label: str


def scan(page: Page) -> Scanned:
    """Read the QR code as a phone does: from the picture on the screen."""
    picture = page.screenshot(full_page=True)
    found = zxingcpp.read_barcodes(Image.open(io.BytesIO(picture)).convert("RGB"))
    assert len(found) == 1
    uri = urlsplit(found[0].text)
    assert (uri.scheme, uri.netloc) == ("otpauth", "totp")
    return Scanned(parse_qs(uri.query)["secret"][0], unquote(uri.path).lstrip("/"))


def six_digits(secret: str, now: float) -> str:
    """Make the code by RFC 6238, independently of what is under test: by oathtool where it is."""
    if oathtool := shutil.which("oathtool"):
        command = [oathtool, "--totp", "--base32", f"--now=@{int(now)}", "-"]
        return subprocess.check_output(command, input=secret, text=True).strip()
    counter = struct.pack(">Q", int(now) // STEP)
    mac = hmac.new(base64.b32decode(secret), counter, hashlib.sha1).digest()
    at = mac[-1] & 15
    number = struct.unpack(">I", mac[at : at + 4])[0] & 0x7FFFFFFF
    return f"{number % 10**6:06d}"


@dataclass
class Phone:
    """One account in an authenticator app. `ahead` is by how many seconds its clock is wrong."""

    clock: FrozenClock
    secret: str
    label: str = ""
    ahead: int = 0

    def shown(self) -> str:
        """Give the code on its screen."""
        return six_digits(self.secret, self.clock.now + self.ahead)

    def next_code(self) -> str:
        """Wait for the next code and give it."""
        self.clock.move(STEP)
        return self.shown()
