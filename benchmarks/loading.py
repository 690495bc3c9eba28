"""The QR code against qrcode's own, and what `import` and `init_app` cost a fresh process."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
from pathlib import Path

import qrcode
import qrcode.image.svg

from benchmarks.measure import Work, interleave, ratio
from flask_twofactor.web.qr import svg

URI = "otpauth://totp/Meridian:ann@maple.test?secret=" + "A" * 32 + "&issuer=Meridian"
SCRIPT = """
import resource, sys, time
def spent():
    with open("/proc/self/statm") as pages:
        return time.process_time(), int(pages.read().split()[1]) * resource.getpagesize()
start = spent()
import flask, flask_login, flask_sqlalchemy, flask_wtf, wtforms, sqlalchemy.orm
app = flask.Flask("host")
app.config.update(SECRET_KEY="a", TESTING=True)
flask_login.LoginManager(app)
stack = spent()
import flask_twofactor
loaded = spent()
flask_twofactor.TwoFactor(app)
ready = spent()
steps = [start, stack, loaded, ready]
for one, next_one in zip(steps, steps[1:]):
    print((next_one[0] - one[0]) * 1000, (next_one[1] - one[1]) / 2**20)
"""
STEPS = ("the Flask + SQLAlchemy stack", "import flask_twofactor", "init_app")


def qr_table(rounds: int) -> list[tuple[str, ...]]:
    """Draw the same text both ways and give the rows."""

    def theirs() -> bytes:
        made = qrcode.QRCode(error_correction=qrcode.constants.ERROR_CORRECT_M)
        made.add_data(URI)
        drawn = made.make_image(image_factory=qrcode.image.svg.SvgImage)
        return drawn.to_string()

    def ours() -> bytes:
        return svg(URI, "QR code").encode()

    taken = interleave({"qrcode SvgImage": Work(theirs), "ours": Work(ours)}, rounds, 1)
    rows: list[tuple[str, ...]] = [("QR code", "ms", "x SvgImage", "bytes")]
    for (name, values), draw in zip(taken.items(), (theirs, ours), strict=True):
        middle = f"{statistics.median(values) * 1e3:.1f}"
        against = str(ratio(values, taken["qrcode SvgImage"]))
        rows.append((name, middle, against, str(len(draw()))))
    return rows


def import_table(folder: Path, runs: int) -> list[tuple[str, ...]]:
    """Load in fresh interpreters with compiled files at hand, and give the rows."""
    _load_once(folder)
    found = [_load_once(folder) for _ in range(runs)]
    rows: list[tuple[str, ...]] = [("Loading, median of fresh processes", "ms", "MiB", "x stack")]
    for at, name in enumerate(STEPS):
        taken = [run[at][0] for run in found]
        share = statistics.median(run[at][0] / run[0][0] for run in found)
        grown = statistics.median(run[at][1] for run in found)
        rows.append((name, f"{statistics.median(taken):.1f}", f"{grown:.1f}", f"{share:.2f}"))
    return rows


def _load_once(folder: Path) -> list[tuple[float, float]]:
    settings = {"PYTHONPYCACHEPREFIX": str(folder / "pyc"), "PYTHONDONTWRITEBYTECODE": ""}
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT],
        env=os.environ | settings,
        capture_output=True,
        text=True,
        check=True,
    )
    pairs = (line.split() for line in done.stdout.splitlines())
    return [(float(spent), float(grown)) for spent, grown in pairs]
