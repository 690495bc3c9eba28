"""Texts by Vonage's SMS API, through its own SDK, each sent once."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from requests.exceptions import ConnectionError as NoConnectionError
from requests.exceptions import SSLError, TooManyRedirects
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError
from vonage_http_client import Auth, HttpClient, HttpClientOptions
from vonage_http_client.errors import HttpRequestError
from vonage_sms import Sms, SmsMessage
from vonage_sms.errors import PartialFailureError, SmsError

from flask_twofactor.core.sending import Delivery, Outcome

TIMEOUT_SECONDS = 5
DEFAULT_HOST = "rest.nexmo.com"
GSM = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà^{}\\[~]|€"
)
STATUSES: dict[int, Outcome] = {
    1: "later",  # throttled
    3: "number",  # a parameter is invalid: the number, as the rest is ours and fixed
    5: "later",  # their internal error
    6: "number",  # cannot be routed
    7: "number",  # barred
    10: "later",  # too many binds
}
"""Vonage's SMS status codes; every other one needs the operator: credentials, credit, sender."""

LATER = frozenset({408, 425, 429})
SERVER_ERROR = 500
WORDY = ("vonage", "urllib3", "urllib3.connectionpool", "urllib3.util.retry")

_code = re.compile(r"error code (\d+):")
_sending: ContextVar[bool] = ContextVar("flask_twofactor_sending", default=False)


class Vonage:
    """Sends by key and secret; see `core.ports.Sender`.

    `host` may carry a port; `ca` is a file of certificates to trust in place of the system's.
    The SDK writes codes, numbers and credentials to its log: while we send, it has none.
    """

    def __init__(
        self, key: str, secret: str, sender: str, *, host: str | None = None, ca: str | None = None
    ) -> None:
        self._auth = Auth(api_key=key, api_secret=secret)
        self._from = sender
        self._ca = ca
        # One connection and no retry: the SDK would send one text up to ten times.
        self._options = HttpClientOptions(
            rest_host=host or DEFAULT_HOST, timeout=TIMEOUT_SECONDS, pool_maxsize=1, max_retries=0
        )

    def __repr__(self) -> str:
        return f"Vonage(host={self._options.rest_host!r})"

    def send(self, number: str, text: str) -> Delivery:
        """Send one text, by one request; whatever goes wrong is told by the outcome."""
        message = SmsMessage(
            to=number.removeprefix("+"),
            from_=self._from,
            text=text,
            type="text" if GSM.issuperset(text) else "unicode",
        )
        with _quiet():
            try:
                self._post(message)
            except Exception as error:  # noqa: BLE001 - the SDK lets anything out
                return explain(error)
        return Delivery("delivered")

    def _post(self, message: SmsMessage) -> None:
        # A fresh client each time: a kept connection is stale by the next text, and its loss
        # would leave us not knowing whether the text was sent.
        client = HttpClient(self._auth, self._options)
        session = client._session  # noqa: SLF001 - there is no public way to set the CA
        session.max_redirects = 0
        if self._ca is not None:
            session.verify, session.trust_env = self._ca, False
        with session:
            Sms(client).send(message)


def explain(error: Exception) -> Delivery:
    """Say what an exception of the SDK means for the text that was to be sent."""
    match error:
        case PartialFailureError():
            return _of_parts(error.response)
        case SmsError():
            found = _code.search(str(error))
            return _of_status(found[1] if found else None)
        case HttpRequestError():
            return _of_http(error.response.status_code)
        case SSLError() | TooManyRedirects():
            return Delivery("operator", type(error).__name__)
        case NoConnectionError() if _was_never_made(error):
            return Delivery("later", "no connection")
        case _:
            return Delivery("unknown", type(error).__name__)


def _of_status(status: object) -> Delivery:
    try:
        number = int(str(status))
    except ValueError:
        return Delivery("unknown", "no status")
    return Delivery(STATUSES.get(number, "operator"), f"status {number}")


def _of_parts(answer: Any) -> Delivery:
    statuses = [str(part["status"]) for part in answer["messages"]]
    failed = [status for status in statuses if status != "0"]
    if len(failed) < len(statuses) or not failed:
        return Delivery("unknown", "in part")
    return _of_status(failed[0])


def _of_http(status: int) -> Delivery:
    outcome: Outcome = "later" if status in LATER or status >= SERVER_ERROR else "operator"
    return Delivery(outcome, f"HTTP {status}")


def _was_never_made(error: NoConnectionError) -> bool:
    reason = getattr(error.args[0], "reason", None) if error.args else None
    return isinstance(reason, NewConnectionError | ConnectTimeoutError)


@contextmanager
def _quiet() -> Iterator[None]:
    for name in WORDY:
        logger = logging.getLogger(name)
        if _keep_silent not in logger.filters:
            logger.addFilter(_keep_silent)
    token = _sending.set(True)
    try:
        yield
    finally:
        _sending.reset(token)


def _keep_silent(_record: logging.LogRecord) -> bool:
    return not _sending.get()
