"""What flows ask of methods, stores and the clock, as narrow protocols."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol, runtime_checkable

from .devices import Presented, TrustedDevice
from .keeping import Made, Upkeep
from .notices import Message, Notice
from .records import (
    Account,
    Authenticator,
    Claim,
    Data,
    Enrolment,
    Event,
    Hold,
    Paid,
    PendingSetup,
    Proof,
    Refusal,
    Standing,
    Step,
    StepUp,
    Surroundings,
    Wait,
)
from .sending import Budget, Delivery, Sent, SentCode
from .tenant_ports import TenantStore, TenantTransaction

Clock = Callable[[], float]
"""Gives UTC epoch seconds at the moment of the call."""


class Method(Protocol):
    """A way to prove. A method never writes: it reads, computes, and says what to claim.

    Its texts are English, marked by `core.texts.mark`, and translated when they are shown.
    `use_label` is the link that leads to it from another one, and `setup_steps` are the few words
    that say how far a setup has come.
    `limit` is how many a person may have; where it is 1, a new one takes the old one's place.
    """

    name: str
    title: str
    summary: str
    prompt: str
    code_label: str
    code_hint: str
    use_label: str
    setup_steps: Sequence[str]
    input_mode: str
    setup_fields: Sequence[str]
    fallback_only: bool
    phishing_resistant: bool
    needs_delivery: bool
    limit: int

    def begin_setup(self, account: Account) -> Step:
        """Start a setup; what is `kept` comes back sealed to `complete_setup`."""

    def resume_setup(self, account: Account, kept: Data) -> Step:
        """Show the same setup again, for a reload or a typo."""

    def complete_setup(self, step: Step, answer: str, now: float) -> Enrolment | Refusal:
        """Accept the first code, or say why not."""

    def begin_challenge(self, authenticators: Sequence[Authenticator], now: float) -> Step:
        """Ask for a code."""

    def reads(self, answer: str) -> bool:
        """Say whether this has the shape of an answer; nothing is compared."""

    def complete_challenge(
        self, authenticators: Sequence[Authenticator], step: Step, answer: str, now: float
    ) -> Claim | Refusal:
        """Say what to claim for this answer, or why it is refused. Tries all, no early exit."""


@runtime_checkable
class FollowsClock(Protocol):
    """A method whose authenticators count time steps."""

    name: str

    def reach(self, now: float) -> int:
        """Give the last step whose code may have been accepted by now."""


class Delivering(Method, Protocol):
    """A method that sends its codes somewhere (`needs_delivery`), and what it says on pages.

    The step of its challenges and setups keeps the `binding` of the code that was sent.
    """

    send_label: str
    again_label: str
    sent_to: str
    missing: str
    weakness: str
    change_label: str
    setup_title: str
    setup_intro: str
    country_label: str
    place_label: str
    place_hint: str
    text: str
    changed_text: str
    changed_title: str
    changed_intro: str

    def place(self, data: Data | None) -> str | None:
        """Give where codes go, out of an authenticator's or a setup's data."""

    def read_place(self, fields: Mapping[str, str], allowed: Sequence[str]) -> Data | Refusal:
        """Read where codes shall go out of a form; what is given is kept for the setup."""

    def propose(self, proposed: str, allowed: Sequence[str]) -> Mapping[str, str]:
        """Fill the form from what the host knows."""

    def choices(self, allowed: Sequence[str], language: str) -> Sequence[Any]:
        """Give the choices of the form's drop-down: `code`, `name`, `calling_code`."""


class Sender(Protocol):
    """Who carries texts to phones."""

    def send(self, number: str, text: str) -> Delivery | None:
        """Send one text once, without trying again; `number` is E.164 with its plus.

        None counts as delivered, an exception as unknown. It should answer in 5 seconds, and
        write neither number nor text to any log.
        """


Send = Callable[[str, str], Delivery | None]
"""A function in the place of a `Sender`."""


class Sends(Protocol):
    """The writes about sent codes and what they cost, as a part of one transaction."""

    def spend(self, budget: Budget, now: float) -> float | None:
        """Pay for one send; None if that was possible, else the time when it will be."""

    def overspend(self, budget: Budget, now: float) -> None:
        """Count a send that its budget had no place for."""

    def give_back(self, budget: Budget) -> None:
        """Take one payment back, for a text that was not sent."""

    def is_news(self, budget: Budget, until: float, now: float) -> bool:
        """Say, once until that time, that nobody was told yet that this budget is used up."""

    def keep(self, user_key: str, code: SentCode, now: float) -> None:
        """Keep a code that is about to be sent; it takes the older one's place, not its tries."""

    def void(self, binding: str) -> None:
        """Let the code of a binding count no more, because it was not sent."""

    def end_codes(self, user_key: str, now: float) -> None:
        """Let no code that was sent to a person count any more; that it was sent stays known."""

    def count_try(self, user_key: str, binding: str, now: float) -> bool:
        """Count an answer; False if there is no code to be answered, or no try left."""

    def use_up(self, user_key: str, code: SentCode, now: float) -> bool:
        """Use a sent code up; False if it is not the right one, or was used before."""

    def returned(self, purpose: str, since: float, until: float) -> tuple[int, int]:
        """Count the codes of a purpose that were sent in a time, and those that came back."""

    def paused_until(self, purpose: str) -> float:
        """Give until when no codes of a purpose are sent."""

    def pause(self, purpose: str, until: float, now: float) -> bool:
        """Send no more codes of a purpose until a time; False if that was so already."""


class Witness(Protocol):
    """What the app knows of an event's surroundings, and who is told of it."""

    def surroundings(self, event: Event) -> Surroundings:
        """Say where an event came from. Called inside the transaction."""

    def label(self, user_key: str) -> str:
        """Give a person's name as people read it, or nothing."""

    def notice(self, event: Event) -> Notice | None:
        """Give the notice to queue for this event, if any. Called inside the transaction."""

    def tell(self, events: Sequence[Event], notices: Sequence[Notice]) -> None:
        """Hear of events after their commit, and of the notices that were queued with them.

        Nothing raised here changes the outcome.
        """


class Mail(Protocol):
    """How a notice reaches its person."""

    def write(self, notice: Notice) -> Message | None:
        """Put a notice into words; None if there is nobody to write to, or no address."""

    def send(self, message: Message) -> None:
        """Hand a message over; whatever is raised says that it was not sent."""


class Transaction(TenantTransaction, Protocol):
    """Writes that stand or fall together. Each conditional one says whether it took effect.

    `record` comes last in a transaction: it takes a number that others wait for.
    """

    @property
    def sends(self) -> Sends: ...
    def record(self, event: Event) -> None: ...
    def reserve(self, user_key: str, browsers: Sequence[str], now: float) -> Paid | Wait: ...
    def claim(self, user_key: str, claim: Claim, now: float) -> bool: ...
    def was_spent(self, user_key: str, code: str) -> bool: ...
    def count_failure(self, user_key: str, method: str) -> int: ...
    def clear_failures(self, user_key: str, browser: str | None) -> None: ...
    def enable_method(self, user_key: str, method: str) -> None: ...
    def unlock(self, user_key: str) -> None: ...
    def know_browser(
        self, user_key: str, browser: str, now: float, *, replaces: str | None
    ) -> None: ...
    def forget_browsers(self, user_key: str) -> None: ...
    def open_hold(self, hold: Hold, *, replaces: str | None) -> None: ...
    def consume_hold(self, hold_id: str, now: float, *, released: bool) -> bool: ...
    def turn_to_setup(self, hold_id: str, now: float, until: float) -> bool: ...
    def end_hold(self, hold_id: str) -> None: ...
    def add_proof(self, proof: Proof) -> None: ...
    def replace_proof(self, old_id: str, proof: Proof) -> bool: ...
    def keep_proof(self, proof_id: str) -> bool: ...
    def revoke_proof(self, proof_id: str, now: float) -> str | None: ...
    def end_session(self, user_key: str, proof_id: str, now: float) -> bool: ...
    def end_sessions_by(self, user_key: str, method: str, now: float) -> int: ...
    def drop_devices(self, user_key: str, device_ids: Sequence[str]) -> list[str]: ...
    def add_device(self, device: TrustedDevice, *, oldest: float) -> None: ...
    def rotate_device(
        self, user_key: str, shown: Presented, new: str, *, oldest: float, now: float, address: str
    ) -> bool: ...
    def device(self, user_key: str, device_id: str) -> TrustedDevice | None: ...
    def rename_device(self, user_key: str, device_id: str, name: str) -> bool: ...
    def end_device(self, user_key: str, device_id: str, now: float) -> bool: ...
    def end_devices(self, user_key: str, now: float) -> int: ...
    def learn_password(self, user_key: str, fingerprint: str, known: str | None) -> bool: ...
    def touch_proof(self, proof_id: str, now: float) -> None: ...
    def note_password(self, proof_id: str, now: float) -> None: ...
    def note_step_up(self, proof_id: str, method: str, now: float, *, full: bool) -> bool: ...
    def note_hold_password(self, hold_id: str, now: float) -> None: ...
    def allow_action(self, made: StepUp) -> None: ...
    def use_action(
        self,
        step_up_id: str,
        user_key: str,
        action: str,
        *,
        shown_at: float,
        now: float,
        changing: bool,
    ) -> bool: ...
    def keep_setup(self, pending: PendingSetup) -> None: ...
    def finish_setup(self, pending_id: str, user_key: str) -> bool: ...
    def add_authenticator(self, user_key: str, authenticator: Authenticator) -> None: ...
    def remove_authenticator(self, user_key: str, authenticator_id: str) -> bool: ...
    def rename_authenticator(self, user_key: str, authenticator_id: str, name: str) -> bool: ...
    def remove_method(self, user_key: str, method: str) -> int: ...
    def remove_authenticators(self, user_key: str) -> int: ...
    def replace_codes(
        self, user_key: str, set_id: str, codes: Sequence[str], now: float
    ) -> None: ...
    def move_epoch(self, user_key: str, expected: int | None) -> int | None: ...
    def keep_epoch(self, user_key: str, expected: int) -> bool: ...
    def claim_notice(self, notice: Notice, now: float) -> bool: ...
    def finish_notice(self, notice_id: str) -> bool: ...
    def forget(self, user_key: str) -> None: ...


class Store(TenantStore, Protocol):
    """Where accounts, authenticators, codes, holds and proofs live."""

    def open(self) -> str:
        """Check that the store is the right one and give its id; StoreError otherwise."""

    def transaction(self) -> AbstractContextManager[Transaction]:
        """Begin writes that are committed together at the end of the block, or not at all.

        The events that were recorded are told to the app after the commit.
        """

    def standing(
        self,
        user_key: str,
        proof_id: str | None,
        *,
        tenants: Sequence[str] = (),
        devices: Sequence[str] = (),
        fingerprint: str | None = None,
    ) -> Standing:
        """Read, by one statement, all that the load guard needs, the rules of tenants too.

        `devices` names those of a login's cookie; `fingerprint` is compared with the kept one.
        """

    def devices(self, user_key: str) -> tuple[TrustedDevice, ...]:
        """Read a user's trusted devices, also those that ended."""

    def sessions(self, user_key: str) -> tuple[Proof, ...]:
        """Read a user's proofs that nobody revoked."""

    def hold(self, hold_id: str) -> tuple[Hold, int, tuple[Authenticator, ...]] | None:
        """Read a hold, its account's epoch now and its authenticators, by one statement."""

    def authenticators(self, user_key: str) -> tuple[Authenticator, ...]:
        """Read a user's authenticators, oldest first."""

    def pending_setup(self, pending_id: str) -> PendingSetup | None:
        """Read a setup that was begun, also if it was finished since."""

    def codes_left(self, user_key: str) -> int:
        """Count the user's unspent single-use codes."""

    def knows_browser(self, user_key: str, browsers: Sequence[str]) -> bool:
        """Say whether one of these references is a known browser of the user."""

    def due_notices(self, now: float, limit: int) -> tuple[Notice, ...]:
        """Read notices that may be tried now, the longest waiting first."""

    def sent_code(self, user_key: str, binding: str) -> Sent | None:
        """Read what is known of the newest code sent for a binding."""

    def ensure_account(self, user_key: str) -> None:
        """Make the user's account row if there is none."""


class StoreKeeper(Protocol):
    """What an operator does to the store; no page and no flow ever does."""

    def make(self) -> str:
        """Make the store where there is none; on a complete one change nothing. Give its id."""

    def make_and_tell(self) -> Made:
        """Make the store where there is none, and say where it was made."""

    def upgrade(self) -> str:
        """Bring the tables to this release's version and give its number."""

    def upkeep(self) -> Upkeep:
        """Give the operator's side of the store; StoreError if it is not the right one."""
