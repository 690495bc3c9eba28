"""The writes of one transaction; each conditional one answers by its row count."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

from sqlalchemy import Connection, delete, insert, select, update

from flask_twofactor.core.notices import Notice
from flask_twofactor.core.ports import Witness
from flask_twofactor.core.records import (
    Authenticator,
    Claim,
    Event,
    Hold,
    PendingSetup,
    Proof,
)
from flask_twofactor.core.sending import SentCode

from . import auditing, queueing, schema, statements
from .guesses import GuessWrites
from .remembering import Remembering
from .sealing import KeyRing
from .sending import SQLSends
from .step_ups import StepUpWrites
from .tenant_writing import TenantWrites
from .throttling import Budgets

AUTHENTICATOR, SINGLE_USE, HOLD, SETUP = "authenticator", "single_use_code", "hold", "setup"
FINISHED = ""
"""What stands where a setup's sealed step was."""


class SQLTransaction(GuessWrites, StepUpWrites, Remembering, TenantWrites):
    """One transaction on one short connection of the store; see `core.ports.Transaction`."""

    def __init__(
        self, connection: Connection, ring: KeyRing, budgets: Budgets, witness: Witness
    ) -> None:
        self._connection = connection
        self._ring = ring
        self._budgets = budgets
        self._witness = witness
        self.recorded: list[Event] = []
        self.noticed: list[Notice] = []
        self._sends = SQLSends(connection, ring)

    @property
    def sends(self) -> SQLSends:
        """The writes about sent codes and what they cost."""
        return self._sends

    def record(self, event: Event) -> None:
        """Write an event into the audit and queue its notice; both are told after the commit."""
        auditing.record(self._connection, self._ring, event, self._witness)
        self.recorded.append(event)
        notice = self._witness.notice(event)
        if notice is not None and queueing.add(self._connection, notice):
            self.noticed.append(notice)

    def claim_notice(self, notice: Notice, now: float) -> bool:
        """Take a due notice for one try; False if somebody was faster."""
        return queueing.claim(self._connection, notice, now)

    def finish_notice(self, notice_id: str) -> bool:
        """Forget a notice that was sent or is given up; False if it was gone."""
        return queueing.finish(self._connection, notice_id)

    def claim(self, user_key: str, claim: Claim, now: float) -> bool:
        """Use up a time step or a single-use code; False if somebody was faster."""
        if claim.spent is not None:
            digests = self._ring.digests(claim.spent, SINGLE_USE, user_key)
            values = {"digests": digests, "user": user_key, "now": now}
            return self._connection.execute(statements.SPEND, values).rowcount == 1
        if claim.sent is not None:
            return self._use_sent(user_key, claim, claim.sent, now)
        values = {
            "row": claim.authenticator_id,
            "user": user_key,
            "now": now,
            "reached": claim.counter,
        }
        return self._connection.execute(statements.ADVANCE, values).rowcount == 1

    def _use_sent(self, user_key: str, claim: Claim, code: SentCode, now: float) -> bool:
        if not self.sends.use_up(user_key, code, now):
            return False
        values = {"row": claim.authenticator_id, "user": user_key, "now": now}
        return self._connection.execute(statements.NOTE_USE, values).rowcount == 1

    def was_spent(self, user_key: str, code: str) -> bool:
        """Say whether this single-use code of the user was used before."""
        digests = self._ring.digests(code, SINGLE_USE, user_key)
        values = {"digests": digests, "user": user_key}
        return self._connection.execute(statements.WAS_SPENT, values).scalar() is not None

    def open_hold(self, hold: Hold, *, replaces: str | None) -> None:
        """Write a hold; the session's older one, if any, ends."""
        if replaces is not None:
            self.end_hold(replaces)
        kept = asdict(hold.kept) if hold.kept is not None else {}
        values = {
            "id": hold.id,
            "user_key": hold.user_key,
            "epoch": hold.epoch,
            "purpose": hold.purpose,
            "created_at": hold.created_at,
            "expires_at": hold.expires_at,
            "password_at": hold.password_at,
            "consumed_at": None,
            "released": False,
            "verified_at": hold.verified_at,
            "kept": self._ring.seal(kept, HOLD, hold.id, hold.user_key),
        }
        self._connection.execute(statements.ADD_HOLD, values)

    def consume_hold(self, hold_id: str, now: float, *, released: bool) -> bool:
        """Use a hold up; False if it was used, ended or expired before."""
        values = {"row": hold_id, "now": now, "was_released": released}
        return self._connection.execute(statements.CONSUME_HOLD, values).rowcount == 1

    def turn_to_setup(self, hold_id: str, now: float, until: float) -> bool:
        """Let an answered hold ask for setup; False if it was used, ended or answered before."""
        values = {"row": hold_id, "now": now, "until": until}
        return self._connection.execute(statements.TURN_TO_SETUP, values).rowcount == 1

    def end_hold(self, hold_id: str) -> None:
        """Forget a hold that was not used."""
        self._connection.execute(statements.END_HOLD, {"row": hold_id})

    def add_proof(self, proof: Proof) -> None:
        """Write the proof of a login."""
        self._connection.execute(statements.ADD_PROOF, asdict(proof))

    def replace_proof(self, old_id: str, proof: Proof) -> bool:
        """Revoke one proof and write its successor; False if the old one was gone."""
        gone = self._connection.execute(
            statements.REVOKE_PROOF, {"row": old_id, "now": proof.last_used_at}
        )
        if gone.rowcount != 1:
            return False
        self.add_proof(proof)
        return True

    def keep_proof(self, proof_id: str) -> bool:
        """Keep a proof from ending before this transaction does; False if it has ended."""
        values = {"row": proof_id}
        return self._connection.execute(statements.KEEP_PROOF, values).rowcount == 1

    def revoke_proof(self, proof_id: str, now: float) -> str | None:
        """End a proof for good; give whose it was, or None if it was ended before."""
        gone = self._connection.execute(statements.REVOKE_PROOF, {"row": proof_id, "now": now})
        if gone.rowcount != 1:
            return None
        return str(self._connection.execute(statements.PROOF_OWNER, {"row": proof_id}).scalar())

    def touch_proof(self, proof_id: str, now: float) -> None:
        """Note that a proof was in use now."""
        self._connection.execute(statements.TOUCH_PROOF, {"row": proof_id, "now": now})

    def note_password(self, proof_id: str, now: float) -> None:
        """Note that the password was asked again, and right."""
        table = schema.proof
        self._connection.execute(
            update(table).where(table.c.id == proof_id).values(password_at=now)
        )

    def note_step_up(self, proof_id: str, method: str, now: float, *, full: bool) -> bool:
        """Note a fresh second factor; False if the proof was revoked meanwhile."""
        table = schema.proof
        noted = {"verified_at": now, "method": method} if full else {"fallback_at": now}
        alive = (table.c.id == proof_id, table.c.revoked_at.is_(None))
        return self._connection.execute(update(table).where(*alive).values(**noted)).rowcount == 1

    def note_hold_password(self, hold_id: str, now: float) -> None:
        """Note that the password was asked of a held person, and right."""
        table = schema.hold
        self._connection.execute(update(table).where(table.c.id == hold_id).values(password_at=now))

    def keep_setup(self, pending: PendingSetup) -> None:
        """Keep a setup that was begun."""
        table = schema.pending_setup
        values = {
            "id": pending.id,
            "user_key": pending.user_key,
            "method": pending.method,
            "expires_at": pending.expires_at,
            "kept": self._ring.seal(pending.kept, SETUP, pending.id, pending.user_key),
        }
        self._connection.execute(insert(table).values(values))

    def finish_setup(self, pending_id: str, user_key: str) -> bool:
        """Use a begun setup up, so that its secret is gone; False if it was used before."""
        table = schema.pending_setup
        mine = (table.c.id == pending_id, table.c.user_key == user_key, table.c.kept != FINISHED)
        used = self._connection.execute(update(table).where(*mine).values(kept=FINISHED))
        return used.rowcount == 1

    def add_authenticator(self, user_key: str, authenticator: Authenticator) -> None:
        """Write an authenticator whose first code was accepted."""
        values = asdict(authenticator) | {"user_key": user_key}
        bound = (AUTHENTICATOR, authenticator.id, user_key)
        values["data"] = self._ring.seal(authenticator.data or {}, *bound)
        self._connection.execute(insert(schema.authenticator).values(values))
        if authenticator.protects:
            self.settle(user_key)

    def remove_authenticator(self, user_key: str, authenticator_id: str) -> bool:
        """Remove one of the user's authenticators; False if there is none of that id."""
        table = schema.authenticator
        mine = (table.c.id == authenticator_id, table.c.user_key == user_key)
        found = self._connection.execute(delete(table).where(*mine)).rowcount == 1
        self.settle(user_key)
        return found

    def rename_authenticator(self, user_key: str, authenticator_id: str, name: str) -> bool:
        """Rename one of the user's authenticators; False if there is none of that id."""
        table = schema.authenticator
        mine = (table.c.id == authenticator_id, table.c.user_key == user_key)
        found = self._connection.execute(update(table).where(*mine).values(name=name))
        return found.rowcount == 1

    def remove_method(self, user_key: str, method: str) -> int:
        """Remove the user's authenticators of one method; give their number."""
        table = schema.authenticator
        mine = (table.c.user_key == user_key, table.c.method == method)
        return self._connection.execute(delete(table).where(*mine)).rowcount

    def remove_authenticators(self, user_key: str) -> int:
        """Remove all the user's authenticators, codes and begun setups; give their number."""
        removed = 0
        for table in (schema.single_use_code, schema.pending_setup, schema.authenticator):
            gone = self._connection.execute(delete(table).where(table.c.user_key == user_key))
            removed = gone.rowcount
        self.settle(user_key)
        return removed

    def replace_codes(self, user_key: str, set_id: str, codes: Sequence[str], now: float) -> None:
        """Write a set of single-use codes, two executions; the older sets end."""
        table = schema.single_use_code
        self._connection.execute(delete(table).where(table.c.user_key == user_key))
        rows = [
            {
                "digest": self._ring.digest(code, SINGLE_USE, user_key),
                "user_key": user_key,
                "authenticator_id": set_id,
                "created_at": now,
            }
            for code in codes
        ]
        if rows:
            self._connection.execute(insert(table), rows)

    def move_epoch(self, user_key: str, expected: int | None) -> int | None:
        """Move the user's epoch on; None if it is not `expected` any more."""
        statement = statements.MOVE_EPOCH
        if expected is not None:
            statement = statement.where(schema.account.c.epoch == expected)
        if self._connection.execute(statement, {"user": user_key}).rowcount != 1:
            return None
        table = schema.account
        moved = select(table.c.epoch).where(table.c.user_key == user_key)
        return int(self._connection.execute(moved).scalar_one())

    def keep_epoch(self, user_key: str, expected: int) -> bool:
        """Keep the epoch where it is until this transaction ends; False if it moved before."""
        values = {"user": user_key, "expected": expected}
        return self._connection.execute(statements.KEEP_EPOCH, values).rowcount == 1

    def forget(self, user_key: str) -> None:
        """Delete every row of the user; the audit keeps a pseudonym that leads nowhere."""
        for table in (*schema.PERSONAL, schema.person):
            self._connection.execute(delete(table).where(table.c.user_key == user_key))
