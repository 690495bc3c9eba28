"""Our pages inside a host's template: its names, blocks and words stay its own."""

from __future__ import annotations

import re

import pytest
from jinja2 import DictLoader, StrictUndefined, meta

from flask_twofactor.testing import frozen_clock

from .support.pages import every_page
from .support.portal import (
    Portal,
    portal,
)

NAMES = (
    "error",
    "next",
    "label",
    "method",
    "methods",
    "codes",
    "title",
    "required",
    "step",
    "csrf",
    "support",
)
BASE = """
<title>{% block title %}the host's title{% endblock %}</title>{% block head %}{% endblock %}
{% block body %}<b>the host's frame</b>{% block main %}{% block content %}{% endblock %}
{% endblock %}<i>NAMES</i>{% endblock %}{% block scripts %}{% endblock %}
""".replace("NAMES", " ".join(f"{{{{ {name} }}}}" for name in NAMES))
BLOCKS = {
    "challenge": ("title", "intro", "code_label", "submit_label"),
    "setup": ("title", "intro", "key_label", "confirm_heading", "code_label", "submit_label"),
    "setup_index": ("title", "intro", "start_label"),
    "overview": ("title", "intro", "start_label"),
    "codes": ("title", "intro", "done_message"),
    "step_up": ("title", "intro", "code_label", "submit_label"),
    "confirm_password": ("title", "intro", "submit_label"),
}


def host_with(templates: dict[str, str]) -> Portal:
    """Make a host with these templates, which also uses many names of its own."""
    host = Portal(TWOFACTOR_BASE_TEMPLATE="base.html")
    host.app.jinja_loader = DictLoader({"base.html": BASE, **templates})
    host.app.context_processor(lambda: {name: f"own-{name}" for name in NAMES})
    return host


def walked(host: Portal) -> list[str]:
    """Give all pages with the clock standing still."""
    with frozen_clock(host.app) as host.clock:
        return list(every_page(host))


def test_the_host_keeps_its_frame_and_names(caplog: pytest.LogCaptureFixture) -> None:
    """A base with a block `body`, strict about names, frames every page; none is shadowed."""
    host = host_with({})
    host.app.jinja_env.undefined = StrictUndefined
    found = walked(host)

    assert len(found) > 14
    assert all("the host's frame" in page for page in found)
    assert all(" ".join(f"own-{name}" for name in NAMES) in page for page in found)
    assert "base template" not in caplog.text


def test_a_page_needs_few_names() -> None:
    """Beside Flask's own, our templates use only names that start with `tf` or `twofactor`."""
    with portal() as host:
        environment = host.app.jinja_env
        ours = [name for name in environment.list_templates() if name.startswith("twofactor/")]
        used: set[str] = set()
        for name in ours:
            assert environment.loader is not None
            source, *_ = environment.loader.get_source(environment, name)
            used |= meta.find_undeclared_variables(environment.parse(source))

    assert len(ours) > 25
    assert {name for name in used if not re.match(r"tf(_|$)|twofactor_", name)} <= {"url_for"}


@pytest.mark.parametrize(
    ("page", "names"),
    [*BLOCKS.items(), ("overview", ("start",))],  # which holds the block `start_label`
)
def test_a_host_changes_the_words_of_a_page(page: str, names: tuple[str, ...]) -> None:
    """The blocks that are promised can be filled one by one by the host's own template."""
    blocks = "".join(f"{{% block {block} %}}mine: {block}{{% endblock %}}" for block in names)
    template = f'{{% extends "twofactor/pages/{page}.html" %}}{blocks}'
    found = walked(host_with({f"twofactor/{page}.html": template}))

    for block in names:
        assert any(f"mine: {block}" in shown for shown in found), block
    assert all("the host's frame" in shown for shown in found)


def test_a_base_that_raises_is_replaced(caplog: pytest.LogCaptureFixture) -> None:
    """A base template that fails for a held browser gives the bundled one, and a log entry."""
    host = host_with({"base.html": "{{ 1 // 0 }}{% block content %}{% endblock %}"})
    found = walked(host)

    assert all('class="tf-body"' in page for page in found)
    assert "the base template 'base.html' failed" in caplog.text
