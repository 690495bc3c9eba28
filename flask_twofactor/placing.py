"""Where an app's store is, by its settings; what of it can be wrong is said at the start."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from flask import Flask
from sqlalchemy import URL, Engine, make_url
from sqlalchemy.exc import ArgumentError

from .core.errors import ConfigurationError
from .core.ports import Clock, Witness
from .settings import Settings
from .stores.bootstrap import Place, file_place, memory_place
from .stores.engine import Reach, adopt_engine, is_memory, make_engine
from .stores.keys import parse_keys
from .stores.sqlalchemy import SQLStore

EngineSource = Engine | Callable[[], Engine]


def make_store(
    app: Flask, settings: Settings, engine: EngineSource | None, clock: Clock, witness: Witness
) -> SQLStore:
    """Make an app's store, which is opened with the first call; ConfigurationError without redis."""

    def find_place() -> Place:
        return place(app, settings, engine)

    if settings.redis_uri is None:
        return SQLStore(find_place, clock, settings.throttle, witness)
    try:
        from .stores.redis import RedisStore, Setups  # noqa: PLC0415 - only some hosts install it
    except ModuleNotFoundError as error:
        message = "TWOFACTOR_REDIS_URI needs a driver: pip install 'flask-twofactor[redis]'."
        raise ConfigurationError(message) from error
    setups = Setups(settings.redis_uri, settings.store_wait_seconds, clock)
    return RedisStore(find_place, clock, settings.throttle, witness, setups)


def place(app: Flask, settings: Settings, engine: EngineSource | None) -> Place:
    """Give the place of the store; it is looked at with the first call."""
    keys = parse_keys(settings.keys) if settings.keys else None
    reach = _reach(settings)
    alone = app.debug or app.testing
    if engine is not None:
        given = engine
        return Place(
            connect=lambda: adopt_engine(given if isinstance(given, Engine) else given(), reach),
            keys=keys,
            expected_id=settings.store_id,
            makes_itself=alone,
        )
    if settings.database_uri is not None:
        uri = settings.database_uri
        return Place(
            connect=lambda: make_engine(uri, reach),
            keys=keys,
            expected_id=settings.store_id,
            makes_itself=alone,
        )
    if app.testing:
        return memory_place()
    folder = Path(app.instance_path)
    return file_place(folder, expected_id=settings.store_id, makes_itself=alone, reach=reach)


def _reach(settings: Settings) -> Reach:
    default = Reach()
    size, overflow = settings.pool_size, settings.pool_overflow
    return Reach(
        pool_size=default.pool_size if size is None else size,
        pool_overflow=default.pool_overflow if overflow is None else overflow,
        wait_seconds=settings.store_wait_seconds,
    )


def faults(app: Flask, engine: EngineSource | None) -> Iterator[str]:
    """Name what is wrong with the store's settings, each with its remedy."""
    config = app.config
    uri = config.get("TWOFACTOR_DATABASE_URI")
    if uri and engine is not None:
        yield "Give either engine= or TWOFACTOR_DATABASE_URI, not both."
    if engine is not None:
        for name in ("TWOFACTOR_POOL_SIZE", "TWOFACTOR_POOL_OVERFLOW"):
            if config.get(name) is not None:
                yield f"{name} is not used with engine=: our pool is made like the engine's."
    if (uri or engine is not None) and not config.get("TWOFACTOR_KEYS"):
        yield (
            "TWOFACTOR_KEYS is required with a database of your choice. "
            "Run `python -m flask_twofactor new-key` and set it to a list with that line."
        )
    keys = config.get("TWOFACTOR_KEYS") or ()
    try:
        parse_keys(keys.split() if isinstance(keys, str) else keys)
    except (TypeError, ValueError) as error:
        yield f"TWOFACTOR_KEYS: {error}."
    yield from _address_faults(app, uri)


def _address_faults(app: Flask, uri: object) -> list[str]:
    theirs = app.config.get("SQLALCHEMY_DATABASE_URI")
    if not isinstance(uri, str) or not uri:
        return []
    try:
        ours = make_url(uri)
    except ArgumentError:
        form = "postgresql+psycopg://user:password@host/name"
        return [f"TWOFACTOR_DATABASE_URI is no address. Write it like {form}."]
    if isinstance(theirs, str) and _files(app, ours) & _files(app, make_url(theirs)):
        return ["TWOFACTOR_DATABASE_URI is the app's own SQLite file. Name another."]
    return []


def _files(app: Flask, url: URL) -> set[Path]:
    # SQLAlchemy starts at the working folder, Flask-SQLAlchemy at the instance folder.
    if url.get_backend_name() != "sqlite" or is_memory(url):
        return set()
    return {(start / str(url.database)).resolve() for start in (Path(), Path(app.instance_path))}
