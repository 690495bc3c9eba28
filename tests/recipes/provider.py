"""A site that people can sign in with, as OAuth 2.0 has it (RFC 6749 section 4.1)."""

from __future__ import annotations

import secrets
from typing import Any
from urllib.parse import urlencode

from flask import Flask, Response, redirect, request

from .kitchen import VIC


def make_provider() -> Flask:
    """Make a provider where Vic is signed in and says yes; each of its codes is good once."""
    app = Flask(__name__)
    codes: set[str] = set()
    tokens: set[str] = set()

    @app.get("/authorize")
    def authorize() -> Any:
        codes.add(code := secrets.token_hex(8))
        answer = urlencode({"code": code, "state": request.args["state"]})
        return redirect(f"{request.args['redirect_uri']}?{answer}")

    @app.post("/token")
    def token() -> Any:
        if request.form["code"] not in codes:
            return Response(status=400)
        codes.remove(request.form["code"])
        tokens.add(fresh := secrets.token_hex(8))
        return {"access_token": fresh, "token_type": "Bearer"}

    @app.get("/userinfo")
    def userinfo() -> Any:
        _, _, given = request.headers.get("Authorization", "").partition(" ")
        return {"email": VIC.email} if given in tokens else Response(status=401)

    return app
