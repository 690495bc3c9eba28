"""Everybody's own folder, as a WebDAV share that is mounted beside the app at ``/files``.

It knows nothing of Flask: the guard around it lets nobody through who may not open the pages.
"""

from __future__ import annotations

import secrets
import shutil
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flask import current_app
from werkzeug.exceptions import NotFound
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from wsgidav.wsgidav_app import WsgiDAVApp

from flask_twofactor import TwoFactorGuard

if TYPE_CHECKING:
    from collections.abc import Iterable
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

    from flask import Flask

MOUNT = "/files"
_KEY = "client_area_files"
WELCOME = """This folder is yours alone.

Open it here, or in any program that speaks WebDAV and sends your session cookie.
"""


def init_app(app: Flask) -> None:
    """Mount the share beside *app*, behind the guard."""
    share = app.extensions[_KEY] = Share(Path(app.instance_path) / "files")
    mounted: dict[str, WSGIApplication] = {MOUNT: TwoFactorGuard(share, app)}
    app.wsgi_app = DispatcherMiddleware(app.wsgi_app, mounted)  # type: ignore[method-assign] # Flask documents it


def delete(key: str) -> None:
    """Delete the folder of the account with this primary key."""
    share: Share = current_app.extensions[_KEY]
    share.delete(key)


class Share:
    """One WebDAV app for each account, so that no path leads into another's folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._for_account = lru_cache(maxsize=100)(self._make)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer from the folder of the account that the guard let through."""
        if "\0" in environ["PATH_INFO"]:  # no file is named so, and wsgidav would break on it
            return NotFound()(environ, start_response)
        return self._for_account(environ["REMOTE_USER"])(environ, start_response)

    def delete(self, key: str) -> None:
        """Delete an account's folder."""
        shutil.rmtree(self._place(key), ignore_errors=True)

    def _place(self, key: str) -> Path:
        return self._folder / str(int(key))  # a primary key, and nothing else, names a folder

    def _make(self, key: str) -> WSGIApplication:
        folder = self._place(key)
        if not folder.exists():
            folder.mkdir(parents=True, exist_ok=True)
            (folder / "welcome.txt").write_text(WELCOME, encoding="utf-8")
        made: WSGIApplication = WsgiDAVApp(_options(folder))
        return made


def _options(folder: Path) -> dict[str, Any]:
    return {
        "mount_path": MOUNT,
        "provider_mapping": {"/": str(folder)},
        "http_authenticator": {"trusted_auth_header": "REMOTE_USER"},
        # It asks for a login only if the guard were not there, and then knows nobody.
        "simple_dc": {"user_mapping": {"*": {"nobody": {"password": secrets.token_urlsafe()}}}},
        "dir_browser": {"response_trailer": "", "ms_sharepoint_support": False},
        "logging": {"enable": False},
        "verbose": 1,
    }
