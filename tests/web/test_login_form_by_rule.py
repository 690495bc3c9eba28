"""The code field on the login page, where the rules of tenants have a say."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from flask_twofactor import TOTP, BackupCodes
from flask_twofactor.stores import schema
from flask_twofactor.testing import frozen_clock
from flask_twofactor.web.state import app_state

from .support.login_form import FormHost
from .support.offices import OAK, Offices
from .support.portal import CHALLENGE
from .support.trust import names_of_events, rows
from .test_tenant_methods import SETUP_INDEX, Old, give_old, old_code


class FormOffices(FormHost, Offices):
    """The offices with the second login page."""


@contextmanager
def form_offices() -> Iterator[FormOffices]:
    """Open the host with its clock standing still."""
    made = FormOffices()
    with frozen_clock(made.app, 1_800_000_000.0) as made.clock:
        yield made


def test_a_method_no_longer_allowed_leads_to_setup_only() -> None:
    """Its right code beside the password lets nobody in: it reaches setup, and is used up."""
    with form_offices() as host:
        object.__setattr__(app_state(host.app).ports, "methods", (TOTP(), Old(), BackupCodes(10)))
        give_old(host, host.vic)
        host.rule(methods=["totp"])
        client, code = host.client(), old_code(host)
        assert host.give(client, code).location == SETUP_INDEX

        assert not host.lets_in(client, host.vic)
        assert client.get(SETUP_INDEX).status_code == 200
        assert host.give(host.client(), code).location == CHALLENGE


def test_a_rule_without_days_trusts_no_device() -> None:
    """The box is there for everybody; where the person's rule says no days the tick does nothing."""
    with form_offices() as host:
        host.guard.protect(host.vic)
        host.rule(mode="optional", trusted_device_days=0)
        client = host.client()
        assert host.give(client, host.code(), remember_device="y").location == "/account"

        assert rows(host) == []
        assert "device_trusted" not in names_of_events(host)


def test_the_audit_names_the_tenant() -> None:
    """A wrong code of the login page is recorded where the person belongs, as at the challenge."""
    with form_offices() as host:
        host.guard.protect(host.vic)
        host.meet(host.vic)
        host.give(host.client(), "000000")
        found = [row.tenant for row in rows(host, schema.audit) if row.name == "failed"]

        assert found == [OAK]
