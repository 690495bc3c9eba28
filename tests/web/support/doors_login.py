"""Doors around the login itself: what it leaves behind, and what proves that it passed.

Each function tries one door on a fresh host and says whether somebody got in.
"""

from __future__ import annotations

import gc
import time
from typing import Any

from flask import Response, request, session
from flask_login import current_user, login_user, logout_user
from flask_login.signals import user_logged_in

from .guard import fail
from .host import Host, cookie, put_cookie

REMEMBER = "remember_token"


def remember_cookie_of_the_password_step(host: Host) -> bool:
    """E1: tick "remember me", then throw the session away."""
    host.guard.protect(host.vic)
    client = host.client()
    host.log_in(client, host.vic, remember="1")
    put_cookie(client, None)
    return cookie(client, REMEMBER) is not None or host.lets_in(client, host.vic)


def remember_cookie_by_refresh(host: Host) -> bool:
    """E2: every answer mints the cookie for whoever is in the session."""
    host.app.config["REMEMBER_COOKIE_REFRESH_EACH_REQUEST"] = True
    host.guard.protect(host.vic)
    client = host.client()
    host.log_in(client, host.vic)
    for path in ("/account", "/whoami", "/login", "/static/none.css"):
        client.get(path)
    put_cookie(client, None)
    return cookie(client, REMEMBER) is not None or host.lets_in(client, host.vic)


def remember_cookie_of_a_dead_session(host: Host) -> bool:
    """E2: a copied session that ended elsewhere asks only for static files, which load nobody."""
    host.app.config["REMEMBER_COOKIE_REFRESH_EACH_REQUEST"] = True
    host.guard.protect(host.vic)
    owner = host.signed_in(host.vic)
    thief = host.copy_of(owner)
    owner.post("/logout")
    thief.get("/static/none.css")
    return cookie(thief, REMEMBER) is not None


def session_older_than_the_setup(host: Host) -> bool:
    """E3: sessions from before the setup, and from before the extension was there."""
    client, older = host.client(), host.client()
    host.log_in(client, host.vic)
    with older.session_transaction() as kept:
        kept.update({"_user_id": host.vic.get_id(), "_fresh": True})
    host.guard.protect(host.vic)
    return host.lets_in(client, host.vic) or host.lets_in(older, host.vic)


def exception_in_a_receiver(host: Host) -> bool:
    """E4: a receiver of the login signal raises; the error page still saves the session."""
    host.guard.protect(host.vic)
    unlucky, client = host.client(), host.client()
    raising = fail("a receiver of the host's own")
    user_logged_in.connect(raising, sender=host.app)
    host.log_in(unlucky, host.vic)
    user_logged_in.disconnect(raising, sender=host.app)
    host.guard.break_down()
    host.log_in(client, host.vic)
    return any(_carries_login(host, browser) for browser in (unlucky, client))


def receiver_collected_as_garbage(host: Host) -> bool:
    """E5: the guard's own receiver may be gone after a while."""
    host.guard.protect(host.vic)
    gc.collect()
    client = host.client()
    host.log_in(client, host.vic)
    return host.lets_in(client, host.vic)


def own_factor_then_victims_password(host: Host) -> bool:
    """E6a: pass one's own second factor, then post the victim's password."""
    host.guard.protect(host.ann)
    host.guard.protect(host.vic)
    client = host.signed_in(host.ann)
    host.log_in(client, host.vic)
    return host.lets_in(client, host.vic)


def own_factor_logout_victims_password(host: Host) -> bool:
    """E6b: the same with a log-out between, which clears only Flask-Login's keys."""
    host.guard.protect(host.ann)
    host.guard.protect(host.vic)
    client = host.signed_in(host.ann)
    client.post("/logout")
    host.log_in(client, host.vic)
    return host.lets_in(client, host.vic)


def copied_cookie_after_logout(host: Host) -> bool:
    """E7: a copy of the verified cookie, used after the owner logged out."""
    host.guard.protect(host.vic)
    owner = host.signed_in(host.vic)
    thief = host.copy_of(owner)
    owner.post("/logout")
    return host.lets_in(thief, host.vic)


def copied_cookie_after_a_cleared_session(host: Host) -> bool:
    """E7b: the host logs out by clearing the session, or by taking the user's id out of it."""
    ways = {"clear": lambda: session.clear() or "", "pop": lambda: session.pop("_user_id")}
    for name, way in ways.items():
        host.view(f"/{name}", name, lambda way=way: str(way()), "POST")
    host.guard.protect(host.vic)
    for name in ways:
        owner, thief = host.signed_in(host.vic), host.client()
        put_cookie(thief, cookie(owner))
        owner.post(f"/{name}")
        if host.lets_in(thief, host.vic):
            return True
    return False


def password_after_a_login_that_was_taken_back(host: Host) -> bool:
    """E7c: a log-out in the request of a repeated login; then the password alone."""

    def log_in_and_out() -> str:
        login_user(host.vic)
        logout_user()
        return "please accept the terms first"

    host.view("/terms", "terms", log_in_and_out, "POST")
    host.guard.protect(host.vic)
    client = host.signed_in(host.vic)
    client.post("/terms")
    host.log_in(client, host.vic)
    return host.lets_in(client, host.vic)


def keys_left_by_session_protection(host: Host) -> bool:
    """E15: strong protection drops the login of a stolen cookie; the thief has the password."""
    host.app.config["SESSION_PROTECTION"] = "strong"
    host.guard.protect(host.vic)
    owner = host.signed_in(host.vic)
    thief = host.copy_of(owner, agent="Another browser")
    thief.get("/account")
    host.log_in(thief, host.vic)
    return host.lets_in(thief, host.vic)


def remember_cookie_after_logout(host: Host) -> bool:
    """E17: the cookie's value never changes, so a copy outlives the log-out."""
    host.guard.protect(host.vic)
    owner, thief = host.signed_in(host.vic, remember="1"), host.client()
    put_cookie(thief, cookie(owner, REMEMBER), REMEMBER)
    assert cookie(thief, REMEMBER), "the wish to be remembered was not honoured"
    owner.post("/logout")
    return host.lets_in(thief, host.vic)


def second_login_while_releasing(host: Host) -> bool:
    """E22: in the request that releases one person, the host logs another one in."""

    def also_log_in_vic(response: Response) -> Response:
        typed_code = request.method == "POST" and request.path != "/login"
        if typed_code and current_user == host.ann:
            login_user(host.vic)
            response.set_data(f"welcome {host.vic.email}")
        return response

    host.app.after_request(also_log_in_vic)
    host.guard.protect(host.ann)
    host.guard.protect(host.vic)
    client = host.client()
    host.log_in(client, host.ann)
    answer = host.guard.answer(client, host.guard.code(host.ann))
    return host.vic.email in answer.text or host.lets_in(client, host.vic)


def lost_wish_to_be_remembered(host: Host) -> bool:
    """E23: the wish made with the password must come true after the code, not be lost."""
    host.guard.protect(host.vic)
    client = host.signed_in(host.vic, remember="1", days="3")
    return cookie(client, REMEMBER) is None


def remember_seconds_of_an_abandoned_login(host: Host) -> bool:
    """E24: an abandoned login's long wish must not stick to the next login."""
    host.guard.protect(host.vic)
    client = host.client()
    host.log_in(client, host.vic, remember="1", days="400")
    host.log_in(client, host.ann, remember="1")
    kept: Any = client.get_cookie(REMEMBER)
    assert host.lets_in(client, host.ann), "somebody without a second factor was kept out"
    default = host.app.config["REMEMBER_COOKIE_DURATION"]
    return bool(kept.expires.timestamp() > time.time() + default.total_seconds() + 60)


def reused_id(host: Host) -> bool:
    """E25: a session of a deleted account, when a new account gets its id."""
    host.guard.protect(host.vic)
    client = host.signed_in(host.vic)
    copy = host.copy_of(client)
    host.people.remove(host.vic)
    client.get("/account")
    host.people.append(host.vic)
    return host.lets_in(client, host.vic) or host.lets_in(copy, host.vic)


def _carries_login(host: Host, client: Any) -> bool:
    with client.session_transaction() as kept:
        if kept.get("_user_id") == host.vic.get_id():
            return True
    return host.lets_in(client, host.vic)
