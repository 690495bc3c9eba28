"""The page that people see while nobody can be checked: plain, and with a way back."""

from __future__ import annotations

import pytest
from jinja2 import DictLoader

from .support.guard import break_store, fail, mend_store
from .support.portal import CHALLENGE, OVERVIEW, portal, token


@pytest.mark.parametrize("path", ["/account", "/account?tab=2&q=%20x", OVERVIEW])
def test_it_leads_back_to_the_same_page(path: str) -> None:
    """Who only looked can look again, and is there once the store is back."""
    with portal() as host:
        client = host.protected()
        break_store(host.app)
        answer = client.get(path)

        assert answer.status_code == 503
        assert f'href="{path.replace("&", "&amp;")}">Try again<' in answer.text
        mend_store(host.app)
        assert client.get(path).status_code == 200


def test_it_never_leads_to_an_address_that_takes_only_forms() -> None:
    """What was sent is not sent again by a link: the way back is the landing page."""
    with portal(TWOFACTOR_AFTER_LOGIN="account") as host:
        host.guard.protect(host.vic)
        client = host.held()
        data = {"csrf_token": token(client, CHALLENGE), "method": "totp", "code": host.code()}
        break_store(host.app)
        answer = client.post(CHALLENGE, data=data)

        assert answer.status_code == 503
        assert 'href="/account">Try again<' in answer.text


def test_it_needs_nothing_of_the_host() -> None:
    """A host's template and its language may need what is down: the page comes all the same."""
    with portal(TWOFACTOR_BASE_TEMPLATE="base.html") as host:
        host.app.jinja_loader = DictLoader(
            {"base.html": "the host {% block content %}{% endblock %}"}
        )
        host.twofactor.locale_selector(lambda: "fr")
        client = host.protected()
        assert "the host" in client.get(OVERVIEW).text
        break_store(host.app)
        assert '<html lang="fr" dir="ltr">' in client.get("/account").text

        host.twofactor.locale_selector(fail("no profile"))
        page = client.get("/account").text
        assert '<html lang="en" dir="ltr">' in page
        assert "the host" not in page
