"""The store on SQLAlchemy Core: SQLite, PostgreSQL or MariaDB, by its own short connections."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Row, RowMapping, insert
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from flask_twofactor.core.devices import TrustedDevice
from flask_twofactor.core.errors import SealError
from flask_twofactor.core.keeping import Made
from flask_twofactor.core.notices import Notice
from flask_twofactor.core.ports import Clock, Witness
from flask_twofactor.core.records import (
    Authenticator,
    Fingerprint,
    Hold,
    Kept,
    PendingSetup,
    Proof,
    Standing,
)
from flask_twofactor.core.repeating import repeated
from flask_twofactor.core.rules import Belonging
from flask_twofactor.core.sending import Sent
from flask_twofactor.core.throttle import Throttle

from . import queueing, schema, statements
from .bootstrap import Opened, Place, open_store
from .key_changing import newest_keys
from .patience import WAIT_SECONDS, Patience
from .remedies import down, translated
from .remembering import compare
from .sending import NEWEST, newest
from .standing import read_standing
from .tenant_reading import TenantReads
from .throttling import Budgets, find_known
from .writing import AUTHENTICATOR, FINISHED, HOLD, SETUP, SQLTransaction

if TYPE_CHECKING:
    from .upkeep import SQLUpkeep

log = logging.getLogger("flask_twofactor")


class SQLStore(TenantReads):
    """See `core.ports.Store`. It is opened, and recognised, at the first call."""

    def __init__(
        self, find_place: Callable[[], Place], clock: Clock, throttle: Throttle, witness: Witness
    ) -> None:
        self._find_place = find_place
        self._clock = clock
        self._budgets = Budgets(throttle)
        self._witness = witness
        self._lock = threading.Lock()
        self._opened: Opened | None = None
        self._opening = Patience(WAIT_SECONDS)

    def open(self) -> str:
        """Check that the store is the right one, once, and give its id."""
        return self.opened().store_id

    def make(self) -> str:
        """Make the store where there is none; on a complete one change nothing. Give its id."""
        return self.make_and_tell().store_id

    def make_and_tell(self) -> Made:
        """Make the store where there is none, and say where it was made."""
        with self._lock:
            self._opened = self._opened or open_store(self._find_place(), self._clock(), make=True)
            return Made(self._opened.store_id, self._opened.made)

    def upgrade(self) -> str:
        """Bring the tables to this release's version and give its number."""
        # Migration tools are slow to load, and only an operator needs them.
        from .migrating import upgrade  # noqa: PLC0415 - slow

        return upgrade(self._find_place())

    def upkeep(self) -> SQLUpkeep:
        """Give the operator's side of the store; StoreError if it is not the right one."""
        from .upkeep import SQLUpkeep  # noqa: PLC0415 - slow, and only an operator needs it

        opened = self._newest_keys()
        if opened.patience is not None:
            opened.patience.take_time()
        return SQLUpkeep(opened, self._budgets, self._clock, self._witness, self._adopt)

    @contextmanager
    def transaction(self) -> Iterator[SQLTransaction]:
        """Begin writes that are committed together at the end of the block, or not at all."""
        opened = self._newest_keys()
        with translated(), opened.engine.begin() as connection:
            writes = self._writes(connection, opened)
            yield writes
        if writes.recorded:
            self._witness.tell(writes.recorded, writes.noticed)

    def standing(
        self,
        user_key: str,
        proof_id: str | None,
        *,
        tenants: Sequence[str] = (),
        devices: Sequence[str] = (),
        fingerprint: str | None = None,
    ) -> Standing:
        """Read, by one statement, all that the load guard needs, the rules of tenants too."""
        found = read_standing(self.opened(), user_key, proof_id, tenants, devices)
        if fingerprint is None:
            return found
        compared = self._compared(user_key, fingerprint, found.password_digest)
        return replace(found, fingerprint=compared)

    def devices(self, user_key: str) -> tuple[TrustedDevice, ...]:
        """Read a user's trusted devices, also those that ended."""
        return tuple(TrustedDevice(**row) for row in self._all(statements.DEVICES, user=user_key))

    def sessions(self, user_key: str) -> tuple[Proof, ...]:
        """Read a user's proofs that nobody revoked."""
        return tuple(Proof(**row) for row in self._all(statements.SESSIONS, user=user_key))

    def hold(self, hold_id: str) -> tuple[Hold, int, tuple[Authenticator, ...]] | None:
        """Read a hold, its account's epoch now and its authenticators, by one statement.

        None also for one that cannot be unsealed any more, because its key was retired.
        """
        rows = self._all(statements.HOLD, row=hold_id)
        if not rows:
            return None
        found = {name[5:]: value for name, value in rows[0].items() if name.startswith("hold_")}
        try:
            kept = self._unsealed(HOLD, found)
        except SealError:
            return None
        hold = Hold(**found | {"kept": _kept(kept)})
        owned = tuple(self._authenticator(row) for row in rows if row["id"] is not None)
        return hold, rows[0]["account_epoch"] or 0, owned

    def authenticators(self, user_key: str) -> tuple[Authenticator, ...]:
        """Read a user's authenticators, oldest first."""
        rows = self._all(statements.AUTHENTICATORS, user=user_key)
        return tuple(self._authenticator(row) for row in rows)

    def pending_setup(self, pending_id: str) -> PendingSetup | None:
        """Read a setup that was begun, also if it was finished since.

        None also for one that cannot be unsealed any more.
        """
        row = self._one(statements.PENDING_SETUP, row=pending_id)
        if row is None:
            return None
        values = row._asdict()
        if values["kept"] == FINISHED:
            return PendingSetup(**values | {"kept": {}}, finished=True)
        try:
            values["kept"] = self._unsealed(SETUP, values)
        except SealError:
            return None
        return PendingSetup(**values)

    def codes_left(self, user_key: str) -> int:
        """Count the user's unspent single-use codes."""
        row = self._one(statements.CODES_LEFT, user=user_key)
        return row[0] if row else 0

    def knows_browser(self, user_key: str, browsers: Sequence[str]) -> bool:
        """Say whether one of these references is a known browser of the user."""
        with translated(), self.opened().reader.connect() as connection:
            return find_known(connection, user_key, browsers) is not None

    def due_notices(self, now: float, limit: int) -> tuple[Notice, ...]:
        """Read notices that may be tried now, the longest waiting first."""
        with translated(), self.opened().reader.connect() as connection:
            rows = connection.execute(queueing.DUE, {"now": now, "most": limit})
            return tuple(queueing.read(row) for row in rows)

    def sent_code(self, user_key: str, binding: str) -> Sent | None:
        """Read what is known of the newest code sent for a binding."""
        return newest(self._one(NEWEST, user=user_key, row=binding))

    @repeated
    def ensure_account(self, user_key: str) -> None:
        """Make the user's account row if there is none."""
        if self._one(statements.ACCOUNT_EXISTS, user=user_key) is not None:
            return
        try:
            with self.opened().engine.begin() as connection:
                connection.execute(insert(schema.account).values(user_key=user_key))
        except IntegrityError:
            return
        except SQLAlchemyError as error:
            raise down(error) from error

    def opened(self) -> Opened:
        """Give the recognised store; StoreError if it is not the right one."""
        opened = self._opened
        if opened is None:
            opened = self._open_once()
        elif opened.patience is not None:
            opened.patience.check()
        return opened

    def _open_once(self) -> Opened:
        # Who waited for another thread's try that met a silence does not begin one of its own.
        with self._lock:
            if self._opened is None:
                self._opening.check()
                with self._opening.watching():
                    self._opened = open_store(self._find_place(), self._clock())
            return self._opened

    def _writes(self, connection: Connection, opened: Opened) -> SQLTransaction:
        return SQLTransaction(connection, opened.ring, self._budgets, self._witness)

    def _newest_keys(self) -> Opened:
        opened = self.opened()
        found = newest_keys(opened)
        if found is not opened:
            self._opened = found
        return found

    def _adopt(self, opened: Opened) -> None:
        self._opened = opened

    def _unseal(self, sealed: str, *bound: str) -> Any:
        opened = self.opened()
        try:
            return opened.ring.unseal(sealed, *bound)
        except SealError:
            # Another process may have added a key since this one read the file.
            found = self._newest_keys()
            if found.ring is opened.ring:
                raise
            return found.ring.unseal(sealed, *bound)

    def _compared(self, user_key: str, fingerprint: str, kept: str | None) -> Fingerprint:
        same = compare(self.opened().ring, user_key, fingerprint, kept)
        if same is None and kept is not None:
            same = compare(self._newest_keys().ring, user_key, fingerprint, kept)
        return "unknown" if same is None else ("same" if same else "changed")

    def _one(self, statement: Any, **values: Any) -> Row[*tuple[Any, ...]] | None:
        with translated(), self.opened().reader.connect() as connection:
            return connection.execute(statement, values).first()

    def _rows(self, statement: Any, **values: Any) -> Sequence[Row[*tuple[Any, ...]]]:
        with translated(), self.opened().reader.connect() as connection:
            return connection.execute(statement, values).fetchall()

    def _all(self, statement: Any, **values: Any) -> list[RowMapping]:
        with translated(), self.opened().reader.connect() as connection:
            return list(connection.execute(statement, values).mappings())

    def _unsealed(self, kind: str, row: dict[str, Any]) -> Any:
        # What lasts ten minutes is gone if its key is: a person begins again.
        try:
            return self._unseal(row["kept"], kind, row["id"], row["user_key"])
        except SealError as error:
            log.warning("a %s counts as gone: %s", kind, error)
            raise

    def _authenticator(self, row: RowMapping) -> Authenticator:
        values = {name: row[name] for name in _AUTHENTICATOR_FIELDS}
        values["protects"] = bool(values["protects"])
        bound = (AUTHENTICATOR, row["id"], row["user_key"])
        try:
            values["data"] = self._unseal(row["data"], *bound)
        except SealError:
            values["data"] = None
        return Authenticator(**values)


_AUTHENTICATOR_FIELDS = tuple(
    column.name for column in schema.authenticator.c if column.name not in {"user_key", "data"}
)


def _kept(found: Any) -> Kept | None:
    if not found:
        return None
    said = found.get("belonging") or {}
    belonging = Belonging(
        **{name: None if one is None else tuple(one) for name, one in said.items()}
    )
    return Kept(**{**found, "removed": tuple(found["removed"]), "belonging": belonging})
