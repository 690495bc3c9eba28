"""A host of each size on one kind of database, bare and with the extension."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.scale import crowd
from benchmarks.site import Site
from flask_twofactor.stores.keys import new_key
from tests.support import postgresql


@dataclass(frozen=True)
class Place:
    """One size: the same users with the extension and without, and where the store is."""

    size: int
    ours: Site
    bare: Site
    uri: str
    keys: tuple[str, ...]


@contextmanager
def on_sqlite(folder: Path, sizes: list[int]) -> Iterator[list[Place]]:
    """The host's users in one file, the store in another."""
    with ExitStack() as ends:
        yield [
            ends.enter_context(
                _place(folder / str(size), size, f"sqlite:///{folder / f'{size}.sqlite'}", None)
            )
            for size in sizes
        ]


@contextmanager
def on_postgresql(folder: Path, sizes: list[int]) -> Iterator[list[Place]]:
    """The host's users and the store in one database for each size, on one server."""
    with postgresql.server() as server, ExitStack() as ends:
        yield [
            ends.enter_context(_place(folder / str(size), size, uri, uri))
            for size in sizes
            for uri in [ends.enter_context(postgresql.database(server))]
        ]


@contextmanager
def _place(folder: Path, size: int, uri: str, host_uri: str | None) -> Iterator[Place]:
    keys = (new_key(),)
    settings = {"TWOFACTOR_DATABASE_URI": uri, "TWOFACTOR_KEYS": list(keys)}
    ours = Site(folder, protected=True, uri=host_uri, **settings)
    crowd.gather(ours, size)
    bare = Site(folder, protected=False, uri=host_uri)
    yield Place(size, ours, bare, uri, keys)
    ours.close()
    bare.close()
