"""What the tour leaves out: each way in which a page tells that something was wrong."""

from __future__ import annotations

import re
from collections.abc import Callable
from copy import copy

from tests.support.tour import ADA, Look, Visitor

MIA = "mia@atrium.test"
TEXTED = re.compile(r"\b[0-9]{6}\b")
TENANT = "/two-factor/tenants/atrium"


def walk_mishaps(omar: Visitor, look: Look) -> None:
    """Go through the errors that a person may meet, and the pages only some people see."""
    omar.log_in()
    _at_setup(omar, look)
    _at_the_challenge(omar, look)
    _in_the_settings(omar, look)
    _with_texts(omar, look)
    _at_the_tenant(copy(omar), look)
    _after_a_reset(copy(omar), look)


def set_up(somebody: Visitor) -> None:
    """Scan, type a code, and have the codes on the page."""
    somebody.go("/two-factor/setup/totp")
    somebody.secret = somebody.page.locator("#tf-key").inner_text().replace(" ", "")
    somebody.answer(somebody.code())


def _stale(somebody: Visitor) -> None:
    """Let every form on the page have been open for too long."""
    somebody.page.eval_on_selector_all(
        "[name=csrf_token]", "fields => fields.forEach(one => { one.value = 'old'; })"
    )


def _at_setup(omar: Visitor, look: Look) -> None:
    omar.go("/two-factor/setup/totp")
    _stale(omar)
    omar.answer("123456")
    look("setup, open for too long")
    omar.secret = omar.page.locator("#tf-key").inner_text().replace(" ", "")
    omar.answer("12")
    look("setup, not six digits")
    omar.answer(omar.code())


def _at_the_challenge(omar: Visitor, look: Look) -> None:
    codes = omar.page.locator("#tf-codes code").all_inner_texts()
    omar.log_out()
    omar.log_in()
    omar.answer("")
    look("challenge, nothing typed")
    omar.answer(codes[0])
    look("challenge, a backup code there")
    _stale(omar)
    omar.answer("123456")
    look("challenge, open for too long")
    omar.go("/two-factor/challenge?method=backup_code")
    omar.answer("123456")
    look("backup code, six digits there")
    omar.answer(codes[0].replace(codes[0][0], "7" if codes[0][0] != "7" else "8"))
    look("backup code, wrong")
    omar.go("/two-factor/challenge")
    omar.answer(omar.code())


def _in_the_settings(omar: Visitor, look: Look) -> None:
    omar.go("/two-factor/")
    omar.page.locator(".tf-list summary").first.click()
    field = omar.page.locator("[id^=tf-name-]").first
    _submit(omar, lambda: (field.fill("  "), field.press("Enter")))
    look("overview, no name typed")
    omar.go("/two-factor/setup")
    look("setup-index, a second phone")
    omar.page.locator(".tf-page summary").click()
    look("setup-index, new phone")


def _with_texts(omar: Visitor, look: Look) -> None:
    omar.go("/two-factor/setup/sms")
    omar.page.locator("#tf-country").select_option("DE")
    omar.enter("#tf-phone", "01512 3456789")
    omar.answer("000000")
    look("texts, wrong code at setup")
    omar.page.locator("details:has(#tf-phone) > summary").click()
    look("texts, another number")
    omar.answer(texted(omar))
    look("texts, set up")
    omar.go("/two-factor/")
    look("overview, with texts")
    omar.log_out()
    omar.log_in()
    omar.go("/two-factor/challenge?method=sms")
    look("challenge, by text")
    omar.clock.move(61)
    omar.press("Send SMS code")
    look("challenge, sent")
    omar.press("Send a new code")
    look("challenge, asked again too soon")
    omar.page.locator(".tf-refused summary").click()
    look("challenge, no code came")
    omar.answer("12")
    look("challenge, no code of a text")


def texted(omar: Visitor) -> str:
    """Read the newest text on the phone."""
    other = omar.page.context.new_page()
    other.goto(f"{omar.address}/outbox")
    found = TEXTED.search(other.locator("main").inner_text())
    other.close()
    assert found is not None
    return found[0]


def _at_the_tenant(ada: Visitor, look: Look) -> None:
    ada.log_out()
    ada.log_in(ADA)
    ada.go(TENANT)
    look("tenant, not protected")
    set_up(ada)
    ada.go(TENANT)
    for field, typed in (("grace_days", "many"), ("backup_codes", "99")):
        ada.enter(f"#tf-{field}", typed)
        look(f"tenant, wrong {field}")
        ada.go(TENANT)
    ada.page.check("[name=mode][value=roles]")
    ada.press("Save the rule")
    look("tenant, no role")
    ada.go(f"{TENANT}?q=nobody")
    look("tenant, nobody found")
    _help(ada, "reset")
    look("tenant, reset without a reason")
    ada.go(TENANT)
    _help(ada, "exempt")
    look("tenant, excused without a reason")
    ada.clock.move(660)
    ada.go(TENANT)
    look("tenant, not fresh")


def _help(ada: Visitor, how: str) -> None:
    ada.go(TENANT)
    mia = ada.page.locator(".tf-people > li", has_text=MIA)
    mia.locator("summary").click()
    _submit(ada, lambda: mia.locator(f"form[action$='/{how}'] button").click())


def _after_a_reset(mia: Visitor, look: Look) -> None:
    mia.log_out()
    mia.log_in(MIA)
    set_up(mia)
    mia.log_out()
    ada = copy(mia)
    ada.log_in("support@example.test")
    set_up(ada)
    ada.go(TENANT)
    row = ada.page.locator(".tf-people > li", has_text=MIA)
    row.locator("summary").click()
    row.locator("[name=reason]").last.fill("lost phone, called back")
    row.locator("[name=setup_code]").check()
    _submit(ada, lambda: row.locator("form[action$='/reset'] button").click())
    mia.log_out()
    mia.log_in(MIA)
    look("account, asked to set up again")
    mia.go("/two-factor/setup/totp")
    look("setup, with a setup code")
    mia.secret = mia.page.locator("#tf-key").inner_text().replace(" ", "")
    mia.page.locator("#tf-setup-code").fill("00000-00000-00000-00000-00000")
    mia.answer(mia.code())
    look("setup, wrong setup code")


def _submit(somebody: Visitor, act: Callable[[], object]) -> None:
    with somebody.page.expect_navigation():
        act()
