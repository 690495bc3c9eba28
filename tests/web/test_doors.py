"""Every road to "authenticated" in Flask-Login is closed, and each row is known to bite.

A row runs twice: with the extension, where nobody may get in, and with a naive guard that
fails exactly there, where somebody must. A row that no guard fails would prove nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import pytest

from .support import doors_around as around
from .support import doors_inside as inside
from .support import doors_login as login
from .support import naive, naive_more
from .support.guard import Guard, Ours
from .support.host import Host


class Door(NamedTuple):
    """One door: what is promised, how it is tried, and a guard that leaves it open."""

    id: str
    promise: str
    scenario: Callable[[Host], bool]
    naive: Callable[[], Guard]


DOORS = [
    Door(
        "E1",
        "No remember-me cookie leaves with the password step.",
        login.remember_cookie_of_the_password_step,
        naive.PendingFlag,
    ),
    Door(
        "E2a",
        "No remember-me cookie leaves with any answer while held.",
        login.remember_cookie_by_refresh,
        naive.PendingFlag,
    ),
    Door(
        "E2b",
        "A session that ended elsewhere gets no remember-me cookie at a static file.",
        login.remember_cookie_of_a_dead_session,
        naive.WrappedLoad,
    ),
    Door(
        "E3",
        "A session from before the setup is worth nothing after it.",
        login.session_older_than_the_setup,
        naive.PendingFlag,
    ),
    Door(
        "E4",
        "An exception at the login signal lets nobody in.",
        login.exception_in_a_receiver,
        naive.SignalStripper,
    ),
    Door(
        "E5",
        "The hook at the login is not collected as garbage.",
        login.receiver_collected_as_garbage,
        naive.WeakReceiver,
    ),
    Door(
        "E6a",
        "One's own second factor does not pass for another person's.",
        login.own_factor_then_victims_password,
        naive.FlagAndRedirect,
    ),
    Door(
        "E6b",
        "Nor does it after a log-out in the same browser.",
        login.own_factor_logout_victims_password,
        naive.FlagAndRedirect,
    ),
    Door(
        "E7a",
        "A copied cookie is dead once its owner logged out.",
        login.copied_cookie_after_logout,
        naive.WrappedLoad,
    ),
    Door(
        "E7b",
        "Nor does it outlive a log-out that only clears the session.",
        login.copied_cookie_after_a_cleared_session,
        naive.WrappedLoad,
    ),
    Door(
        "E7c",
        "No proof outlives a login that was taken back in the same request.",
        login.password_after_a_login_that_was_taken_back,
        naive.WrappedLoad,
    ),
    Door(
        "E8a",
        "No hook or template sees the user while held.",
        inside.hooks_that_look,
        naive.FlagAndRedirect,
    ),
    Door(
        "E8b",
        "Nor does an error handler or URL preprocessor.",
        inside.pages_no_view_serves,
        naive.PerView,
    ),
    Door(
        "E8c",
        "Nor does a hook that answers before all others.",
        inside.earlier_hook_that_answers,
        naive.FlagAndRedirect,
    ),
    Door("E9", "A mounted WSGI app sees nobody.", inside.mounted_app, naive.FlagAndRedirect),
    Door(
        "E10",
        "Replaying a cookie does not turn the guess counter back.",
        inside.counter_turned_back,
        naive_more.SessionCounter,
    ),
    Door(
        "E11",
        "No code or secret can be read from a cookie.",
        inside.secret_in_a_cookie,
        naive_more.CodeInSession,
    ),
    Door(
        "E12",
        "A visit by a remember-me cookie alone is held in the same request.",
        inside.visit_by_remember_cookie,
        naive_more.CookieVeto,
    ),
    Door(
        "E13a",
        "A password sent with each request is no way around.",
        inside.password_in_every_request,
        naive.SignalStripper,
    ),
    Door(
        "E13b",
        "An exemption for requests that carry their user exempts no cookie.",
        inside.exempt_path_with_a_cookie,
        naive_more.ExemptRequests,
    ),
    Door(
        "E14",
        "A token of another kind, or of another person, proves nothing.",
        inside.token_of_another_kind,
        naive_more.DeviceToken,
    ),
    Door(
        "E15",
        "A session that strong protection emptied keeps no proof.",
        login.keys_left_by_session_protection,
        naive.WrappedLoad,
    ),
    Door(
        "E16",
        "What the login view answered is dropped while held.",
        inside.answer_of_the_login_view,
        naive.FlagAndRedirect,
    ),
    Door(
        "E17",
        "A remember-me cookie stands for the password at most, also after a log-out.",
        login.remember_cookie_after_logout,
        naive.PendingFlag,
    ),
    Door(
        "E18",
        "A user id written into the session by hand lets nobody in.",
        inside.session_written_by_hand,
        naive.SignalStripper,
    ),
    Door(
        "E19",
        "What skips `login_required` does not skip the hold.",
        inside.exemptions_of_login_required,
        naive.PerView,
    ),
    Door(
        "E20",
        "A user does not leak into the next request of an outer context.",
        around.user_of_an_outer_context,
        naive.WrappedLoad,
    ),
    Door(
        "E21",
        "A forged address header proves nothing.",
        around.forged_forwarded_for,
        naive_more.BoundToIdentifier,
    ),
    Door(
        "E22",
        "Releasing one person lets nobody else in, not in the same request either.",
        login.second_login_while_releasing,
        naive.SignalStripper,
    ),
    Door(
        "E23",
        "The wish to be remembered survives the hold.",
        login.lost_wish_to_be_remembered,
        naive.StripsOneKey,
    ),
    Door(
        "E24",
        "The wish of an abandoned login does not stick to the next one.",
        login.remember_seconds_of_an_abandoned_login,
        naive.StripsOneKey,
    ),
    Door(
        "E25",
        "A session of a deleted account does not open a new one with its id.",
        login.reused_id,
        naive.WrappedLoad,
    ),
    Door(
        "E26",
        "A server-side session id seen while held is worth nothing after release.",
        around.session_id_kept_at_release,
        naive.WrappedLoad,
    ),
    Door(
        "E27",
        "No page is exempt for how its path looks.",
        around.paths_that_look_exempt,
        naive_more.PathExemption,
    ),
    Door(
        "P1a",
        "Identity and role that the login wrote are put aside.",
        around.keys_beside_flask_logins,
        naive.SignalStripper,
    ),
    Door(
        "P1b",
        "So are they where one session object serves all requests of a browser.",
        around.keys_in_one_session_object,
        naive.SignalStripper,
    ),
    Door(
        "S1",
        "A socket opened while held knows nobody.",
        around.socket_opened_while_held,
        naive.FlagAndRedirect,
    ),
    Door(
        "S2",
        "A socket opened before the log-out knows nobody after it.",
        around.socket_opened_before_logout,
        naive.WrappedLoad,
    ),
    Door(
        "M1a",
        "A login manager put on the app later is guarded too.",
        around.replaced_manager,
        naive.WrappedLoad,
    ),
    Door(
        "M1b",
        "A login manager shared by two apps asks each app's own store.",
        around.shared_manager,
        naive_more.SharedManager,
    ),
    Door(
        "fresh",
        "A fresh login is no second factor.",
        around.fresh_is_not_verified,
        naive_more.FreshIsEnough,
    ),
    Door(
        "inactive",
        "Somebody deactivated while held is not released, by force neither.",
        around.deactivated_while_held,
        naive.FlagAndRedirect,
    ),
]
NAMED = {f"E{number}" for number in range(1, 28)} | {"P1", "S1", "S2", "M1"}
rows = pytest.mark.parametrize("door", [pytest.param(door, id=door.id) for door in DOORS])


@rows
def test_the_door_is_closed(door: Door) -> None:
    """With the extension nobody gets in."""
    assert not door.scenario(Host(Ours())), door.promise


@rows
def test_the_row_bites(door: Door) -> None:
    """With the row's naive guard somebody does get in."""
    assert door.scenario(Host(door.naive())), f"{door.naive} keeps: {door.promise}"


def test_every_known_door_has_a_row() -> None:
    """No door that was ever found is missing from the table."""
    assert {door.id.rstrip("abc") for door in DOORS} >= NAMED
