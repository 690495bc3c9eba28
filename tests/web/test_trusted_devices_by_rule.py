"""What the rules of tenants leave of a trusted device."""

from __future__ import annotations

from flask.testing import FlaskClient

from .support.offices import ELM, OAK, Offices, offices
from .support.portal import CHALLENGE, OVERVIEW, form, read
from .support.trust import DAY, come_back, put, remember, rows, value


def remembered(host: Offices) -> FlaskClient:
    """Protect Ann and let her browser be remembered."""
    host.guard.protect(host.ann)
    return remember(host, host.ann)


def test_a_rule_without_days_takes_the_box_away() -> None:
    """No box, no trust for who posts it all the same, and the settings say no days."""
    with offices() as host:
        host.guard.protect(host.ann)
        host.rule(mode="optional", trusted_device_days=0)
        client = host.held(host.ann)

        assert read(client, CHALLENGE)["trusted_device_days"] == 0
        assert "remember_device" not in client.get(CHALLENGE).text
        form(client, CHALLENGE, method="totp", code=host.code(host.ann), remember_device="1")
        assert host.lets_in(client, host.ann)
        assert read(client, OVERVIEW)["trusted_device_days"] == 0
        assert rows(host) == []


def test_a_rule_ends_trust_at_the_next_login() -> None:
    """A device trusted before the rule asks for a code from then on."""
    with offices() as host:
        client = remembered(host)
        assert come_back(host, client, host.ann)
        host.rule(mode="optional", trusted_device_days=0)

        assert not come_back(host, client, host.ann)


def test_what_a_rule_ended_stays_ended() -> None:
    """A later rule with more days revives nothing, and other tenants' people keep their trust."""
    with offices() as host:
        client = remembered(host)
        host.guard.protect(host.bob)
        other = remember(host, host.bob)
        host.clock.move(DAY)
        assert come_back(host, client, host.ann)
        host.rule(mode="optional", trusted_device_days=2)
        assert come_back(host, client, host.ann)
        host.rule(mode="optional", trusted_device_days=1)
        host.rule(mode="optional", trusted_device_days=30)

        assert not come_back(host, client, host.ann)
        assert come_back(host, other, host.bob)


def test_an_admins_reset_ends_trust() -> None:
    """Also with an old cookie put back, and with an authenticator set up anew."""
    with offices() as host:
        client = remembered(host)
        first = value(host, client)
        assert come_back(host, client, host.ann)
        host.meet(host.vic, host.ann)
        admin = host.admin()
        assert host.help(admin, host.ann, "reset", reason="lost phone").status_code == 303
        host.guard.protect(host.ann)

        for old in (value(host, client), first):
            put(host, client, old)
            assert not come_back(host, client, host.ann)


def test_fewer_days_count_from_the_day_of_trust() -> None:
    """Seven days are seven days of the device's age, to the second, also for older devices."""
    with offices() as host:
        client = remembered(host)
        host.rule(mode="optional", trusted_device_days=7)
        host.clock.move(7 * DAY - 1)
        assert come_back(host, client, host.ann)
        assert len(read(client, OVERVIEW)["trusted_devices"]) == 1
        host.clock.move(1)

        assert read(client, OVERVIEW)["trusted_devices"] == []
        assert not come_back(host, client, host.ann)


def test_more_days_than_the_site_has_are_not_given() -> None:
    """A tenant may ask for less than the site, never grant more."""
    with offices(TWOFACTOR_TRUSTED_DEVICE_DAYS=5) as host:
        client = remembered(host)
        host.rule(mode="optional", trusted_device_days=60)
        assert read(client, OVERVIEW)["trusted_device_days"] == 5
        host.clock.move(5 * DAY)

        assert not come_back(host, client, host.ann)


def test_the_strictest_of_several_tenants_counts() -> None:
    """Thirty days in one tenant and none in another are none."""
    with offices() as host:
        client = remembered(host)
        host.tenants["1"] = [OAK, ELM]
        host.rule(OAK, mode="optional", trusted_device_days=30)
        host.rule(ELM, mode="optional", trusted_device_days=0)

        assert not come_back(host, client, host.ann)


def test_unknown_tenants_trust_no_device() -> None:
    """While the host cannot say where a person belongs, a code is asked everywhere."""
    with offices() as host:
        client = remembered(host)

        def fail(_user: object) -> str:
            message = "the directory is down"
            raise RuntimeError(message)

        host.twofactor.tenant_loader(fail)
        assert not come_back(host, client, host.ann)
