"""The list of trusted devices: names, revoking, renaming, and whose they are."""

from __future__ import annotations

from .support.portal import (
    OVERVIEW,
    PAGES,
    STEP_UP,
    form,
    portal,
    read,
    send,
)
from .support.trust import (
    DAY,
    come_back,
    names_of_events,
    remember,
    tick,
)


def test_the_list_names_the_browser_and_this_one() -> None:
    """Name, dates, address; only the browser that asks is "this one"."""
    with portal() as host:
        host.guard.protect(host.vic)
        client = remember(host)
        host.clock.move(DAY)
        phone = host.client("192.0.2.9", "Mozilla/5.0 (iPhone) Version/18.0 Mobile Safari/604.1")
        host.log_in(phone, host.vic)
        tick(host, phone)
        mine = read(phone, OVERVIEW)["trusted_devices"]

        assert [one["name"] for one in mine] == ["Safari on iPhone", "Unknown browser"]
        assert [one["is_this"] for one in mine] == [True, False]
        assert [one["address"] for one in mine] == ["192.0.2.9", "127.0.0.1"]
        assert mine[0]["created_at"] > mine[1]["created_at"]
        assert "Safari on iPhone" in phone.get(OVERVIEW).text
        assert come_back(host, client)
        first, _ = read(client, OVERVIEW)["trusted_devices"]
        assert (first["name"], first["last_used_at"]) == ("Unknown browser", int(host.clock.now))


def test_an_empty_list_says_how_to_begin() -> None:
    """Who trusts no device reads how to; nothing can be revoked."""
    with portal() as host:
        text = host.protected().get(OVERVIEW).text

        assert "tick the box when you sign in" in text
        assert "Stop trusting" not in text


def test_a_device_can_be_renamed() -> None:
    """A new name, tidied; a refused one stays in its field; another person's device is none."""
    with portal() as host:
        host.guard.protect(host.vic)
        host.guard.protect(host.ann)
        client, other = remember(host), remember(host, host.ann)
        (mine,) = read(client, OVERVIEW)["trusted_devices"]
        path = f"{PAGES}/devices/{mine['id']}/rename"

        assert form(client, path, name=" My \t laptop ").location == OVERVIEW
        assert read(client, OVERVIEW)["trusted_devices"][0]["name"] == "My laptop"
        refused = form(client, path, name=" ")
        assert refused.status_code == 400
        assert "Enter a name." in refused.text
        assert send(other, path, name="x").get_json()["error"] == "unknown_device"
        host.clock.move(600)
        assert STEP_UP in (form(client, path, name="x").location or "")


def test_revoking_asks_nothing_and_works_at_once() -> None:
    """From another browser, without a code: the phone may be what was lost."""
    with portal() as host:
        host.guard.protect(host.vic)
        client, other = remember(host), host.enter()
        (mine,) = read(other, OVERVIEW)["trusted_devices"]
        host.clock.move(3600)
        path = f"{PAGES}/devices/{mine['id']}/revoke"

        assert form(other, path).location == OVERVIEW
        assert host.lets_in(client, host.vic), "trust is about the next login"
        assert not come_back(host, client)
        assert send(other, path).get_json()["error"] == "unknown_device"
        assert names_of_events(host).count("device_revoked") == 1


def test_somebody_elses_device_cannot_be_revoked() -> None:
    """An id of another person is refused as unknown, and their trust stays."""
    with portal() as host:
        host.guard.protect(host.vic)
        host.guard.protect(host.ann)
        client, other = remember(host), remember(host, host.ann)
        (mine,) = read(client, OVERVIEW)["trusted_devices"]

        answer = send(other, f"{PAGES}/devices/{mine['id']}/revoke")
        assert (answer.status_code, answer.get_json()["error"]) == (400, "unknown_device")
        form(other, f"{PAGES}/devices/revoke")
        assert come_back(host, client)
        assert not come_back(host, other, host.ann)
