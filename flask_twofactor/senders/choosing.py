"""Which sender an app has: the one it gave, Vonage by its settings, or none."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from importlib.util import find_spec
from typing import Any, cast

from flask_twofactor.core.ports import Sender
from flask_twofactor.core.sending import Delivery

KEY = "TWOFACTOR_VONAGE_API_KEY"
COUNTRIES = "TWOFACTOR_SMS_COUNTRIES"
LIBRARIES = ("babel", "phonenumbers")


class Called:
    """A function (number, text) as a sender."""

    def __init__(self, function: Callable[[str, str], Delivery | None]) -> None:
        self._function = function

    def send(self, number: str, text: str) -> Delivery | None:
        """Call it."""
        return self._function(number, text)


def faults(config: Mapping[str, Any], given: object) -> list[str]:
    """Say what a sender misses, each with its remedy; nothing where none is wanted."""
    by_vonage = config.get(KEY) is not None
    if given is None and not by_vonage:
        return []
    found = []
    if not config.get(COUNTRIES):
        found.append(
            f"{COUNTRIES} is required to send texts. List the countries whose numbers your "
            'people have, like ["GB", "IE"]: texts to any other are never sent.'
        )
    wanted = (*LIBRARIES, *(["vonage_sms"] if by_vonage else []))
    if missing := [name for name in wanted if find_spec(name) is None]:
        found.append(f"Texts need {', '.join(missing)}. Install the extra: flask-twofactor[sms].")
    return found


def choose(given: object, settings: Any) -> Sender | None:
    """Give the app's sender: what the deployment's settings name, else the one in the code.

    The SDK is loaded here, before workers fork, or never.
    """
    if settings.vonage_api_key is None:
        return _own(given)
    vonage = import_module(".vonage", __package__)
    sender: Sender = vonage.Vonage(
        settings.vonage_api_key,
        settings.vonage_api_secret,
        settings.sms_from.removeprefix("+"),
        host=settings.vonage_host,
        ca=settings.vonage_ca,
    )
    return sender


def _own(given: object) -> Sender | None:
    if given is None or hasattr(given, "send"):
        return cast("Sender | None", given)
    return Called(cast("Any", given))
