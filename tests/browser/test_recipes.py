"""Recipes whose promise only a browser can show: a strict policy, a script that signs in."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page

from flask_twofactor.testing import current_code, frozen_clock
from tests.recipes.kitchen import PASSWORD, VIC, code_of, cook, protect

pytestmark = pytest.mark.browser
LOGIN = {"email": VIC.email, "password": PASSWORD}
ASK = """
async ([email, password, codes]) => {
  const said = [];
  const answer = await signIn(email, password, async (methods, message) => {
    said.push(message || null);
    return { method: methods[0], code: codes.shift() };
  });
  return { said, answer, me: await send("/api/me") };
}
"""


def test_our_pages_keep_to_the_strictest_policy(
    live_server: Callable[..., str], open_page: Callable[..., Page]
) -> None:
    """Setup with its QR code, challenge and settings under Talisman's policy: no complaint."""
    app = cook("flask-talisman")["app"]
    address, page, complaints = live_server(app, tls=True), open_page(), []
    page.on("console", lambda one: complaints.append(one.text))
    page.request.post(f"{address}/login", form=LOGIN)
    for path in ("", "setup", "setup/totp"):
        answer = page.goto(f"{address}/two-factor/{path}")
        assert answer is not None
        assert answer.status == 200
    assert page.locator("svg").first.bounding_box()["width"] > 100  # type: ignore[index]

    protect(app)
    page.context.clear_cookies()
    page.request.post(f"{address}/login", form=LOGIN)
    page.goto(f"{address}/account")
    assert page.url == f"{address}/two-factor/challenge"
    assert page.locator("[name=code]").evaluate("one => getComputedStyle(one).fontSize") != "13px"
    assert [one for one in complaints if "status of 404" not in one] == [], "but for the favicon"


def test_the_script_signs_in(
    live_server: Callable[..., str], open_page: Callable[..., Page]
) -> None:
    """The recipe's own script: a wrong code is told and asked again, a right one lets in."""
    app = cook("json-login")["app"]
    secret = protect(app)
    with frozen_clock(app):
        page = open_page()
        page.goto(live_server(app))
        page.add_script_tag(content=code_of("json-login", "js"))
        codes = ["no", current_code(app, secret)]
        found = page.evaluate(ASK, [VIC.email, PASSWORD, codes])

    assert found["said"] == [None, "Enter the six digits that your app shows, like 123 456."]
    assert found["answer"]["ok"] is True
    assert found["answer"]["me"] == VIC.email
    assert found["me"]["email"] == VIC.email


def test_the_script_signs_in_without_a_second_factor(
    live_server: Callable[..., str], open_page: Callable[..., Page]
) -> None:
    """Who has none is not asked, and a wrong password is the login's own answer."""
    page = open_page()
    page.goto(live_server(cook("json-login")["app"]))
    page.add_script_tag(content=code_of("json-login", "js"))

    right = page.evaluate(ASK, [VIC.email, PASSWORD, []])
    assert (right["said"], right["answer"]["me"]) == ([], VIC.email)
    wrong = page.evaluate("signIn('nobody', 'no', null)")
    assert wrong == {"status": 400, "error": "wrong"}
