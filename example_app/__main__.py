"""``python -m example_app``: start the client area on this computer and say how to get in."""

from __future__ import annotations

import argparse
import logging
import os
import socket
from pathlib import Path

from example_app import create_app
from example_app.seed import DEMO_PASSWORD, PEOPLE, TENANTS

_HOST = "127.0.0.1"


def main() -> None:
    """Start, until Ctrl-C."""
    options = _options()
    try:
        port = _usable_port(options.port)
        app = create_app(
            {"TWOFACTOR_BASE_URL": f"http://{_HOST}:{port}"},
            instance_path=options.instance and str(options.instance.resolve()),
        )
        _say(_welcome(port, options.port))
        logging.getLogger("werkzeug").setLevel(logging.WARNING)
        app.run(_HOST, port, debug=False, load_dotenv=False, use_reloader=False)
    except KeyboardInterrupt:
        _say("")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m example_app", description=__doc__)
    parser.add_argument(
        "--port", type=port_number, default=5000, help="port on 127.0.0.1 (default 5000)"
    )
    parser.add_argument("--instance", type=Path, metavar="DIR", help="folder for database and keys")
    return parser.parse_args()


def port_number(text: str) -> int:
    """Read a port (the name stands in the message when it is none)."""
    number = int(text)
    if number not in range(65536):
        raise argparse.ArgumentTypeError("a port is a number from 0 to 65535")
    return number


def _usable_port(wanted: int) -> int:
    """Return *wanted* if nothing listens there, else a free port."""
    for port in (wanted, 0):
        with socket.socket() as probe:
            if os.name == "posix":  # as the server does: a port just left is free
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((_HOST, port))
            except OSError:
                continue
            chosen: int = probe.getsockname()[1]
            return chosen
    raise SystemExit(f"No free port on {_HOST}.")


def _welcome(port: int, wanted: int) -> str:
    taken = f" (port {wanted} is taken)" if wanted not in {port, 0} else ""
    rows = [("account", "password", "who")]
    rows += [(person.email, DEMO_PASSWORD, _who(person.role, person.tenants)) for person in PEOPLE]
    table = "\n".join(f"    {email:<22}{password:<16}{who}" for email, password, who in rows)
    return f"""
  The client area is running at http://{_HOST}:{port}/{taken}

{table}

  Try: sign in as {PEOPLE[0].email}, open the menu with the name at the top right, choose
  "{TENANTS["maple"][1]}", set up two-factor authentication, sign out and sign in again.

  What would be mailed is at http://{_HOST}:{port}/outbox

  The security pages speak five languages: add ?lang=ur, de, es, fr or en to an address.

  For trying out on this computer only. Ctrl-C stops it. Data is kept in instance/; delete that
  folder to start anew. Another port: make demo ARGS="--port 5001"
"""


def _who(role: str, tenants: tuple[str, ...]) -> str:
    names = "every tenant" if len(tenants) == len(TENANTS) else TENANTS[tenants[0]][0]
    return f"{role} of {names}"


def _say(text: str) -> None:
    print(text, flush=True)  # noqa: T201 - this is a command


if __name__ == "__main__":
    main()
