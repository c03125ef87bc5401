"""Every setting, its default and its unit. Nothing else reads the environment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field, fields
from math import isfinite
from pathlib import Path
from typing import get_type_hints

# bin/run writes here what it generated, so that bin/chat and a bare gunicorn find the same servers.
RUN_ENV = Path(__file__).parent / "var" / "run.env"

_NEEDED = ("SECRET_KEY", "REDIS_URL", "DATABASE_URL")
_LOG_LEVELS = ("debug", "info", "warning", "error", "critical")
_MAY_BE_ZERO = {"TRUSTED_PROXIES", "CLOSING_SPREAD", "ROOM_LOG_KEEP", "SHARD_LOG_KEEP"}
_REDIS = ("redis://", "rediss://", "unix://")
_DATABASES = ("sqlite:", "sqlite+", "postgresql:", "postgresql+")


class ConfigError(Exception):
    """A setting is missing or wrong; the text is one sentence for the operator."""


@dataclass(frozen=True)
class Config:
    # Where things are. No defaults: a wrong guess here loses data or leaks it.
    SECRET_KEY: str
    REDIS_URL: str  # redis://[:password@]host:port/db, with AOF on and no eviction
    DATABASE_URL: str  # sqlite:////path/to/file or postgresql+psycopg://…

    # The web server
    ASYNC_MODE: str = "threading"  # eventlet under our gunicorn worker; threading elsewhere
    ENGINE: str = "fast"  # our own transport and fan-out, with eventlet; plain: the libraries' own
    SOCKET_QUEUE: bool = True  # False: a single process that has nobody to tell but its own clients
    FOLLOW_LOGS: bool = (
        True  # False: nothing happens between requests; tests take each step themselves
    )
    ALLOWED_ORIGINS: tuple[str, ...] = ()  # besides the server's own; comma-separated
    ALLOWED_HOSTS: tuple[str, ...] = ()  # Host headers answered; empty: any
    TRUSTED_PROXIES: int = 0  # how many X-Forwarded-* hops to believe
    SECURE_COOKIES: bool = False  # True behind TLS
    METRICS_TOKEN: str = ""  # who sends it as a bearer may read /metrics; "": this machine alone
    LOG_LEVEL: str = "info"
    PING_INTERVAL: int = 25  # seconds, whole: Engine.IO takes no fractions
    PING_TIMEOUT: int = 20  # seconds
    CLOSING_SPREAD: float = 6.0  # seconds over which the clients of a stopping worker come back

    # The logs
    SHARDS: int = 8  # fixed for the life of the data: a room's shard is a hash of its id
    REDIS_TIMEOUT: float = 1.0  # seconds until a send is answered "busy"
    ROOM_LOG_KEEP: int = 24 * 3600  # seconds a room log reaches back, at least
    SHARD_LOG_KEEP: int = 600  # seconds a shard log keeps what is already in the record
    REMEMBER_SENT: int = 24 * 3600  # seconds Redis remembers a client_id; the record does for ever
    HEAD_EVERY: float = 5.0  # seconds between room:head in rooms with traffic
    STALE_AFTER: float = 5.0  # seconds without reading the logs until people are told
    UNHEALTHY_AFTER: float = 30.0  # seconds without reading the logs until /readyz says no
    RECORD_LAG: float = 5.0  # seconds the record may lag; web workers help at half of it

    # Presence and typing
    LEASE: float = 30.0  # seconds a connection's presence lasts unrenewed
    LEASE_RENEW: float = 10.0  # seconds between renewals
    SWEEP_EVERY: float = 5.0  # seconds between sweeps

    # The assistant
    DOCUMENT_BYTES: int = 10_000_000  # bytes of a document that is uploaded
    DOCUMENTS: int = 500  # documents of a workspace
    DOCUMENTS_EVERY: float = 5.0  # seconds between looks for documents that wait to be read
    READING_TIME: int = 60  # seconds until the reading of a document is given up; at most 80
    BUDGET_SWEEP_EVERY: float = 30.0  # seconds between looks for reservations nobody needs
    ASSISTANT_PATIENCE: float = 60.0  # seconds without a word from a provider until a run fails
    ASSISTANT_OPEN: int = 10  # questions of one person that may wait for their answers at once
    ASSISTANT_SWEEP_EVERY: float = 5.0  # seconds between looks for questions nobody answers
    ASSISTANT_GRACE: float = 6.0  # seconds that answers may go on in a worker that is told to stop
    ASSISTANT_LEFT: float = 75.0  # seconds until such a question fails

    # Limits: how many a minute, unless it says otherwise
    LIMIT_SEND: int = 60  # messages of one person in one shard's rooms
    LIMIT_SEND_ROOM: int = 6_000  # messages in one room
    LIMIT_SEND_WORKSPACE: int = 60_000  # messages of one workspace in one shard's rooms
    LIMIT_RESUME: int = 30  # snapshots or catch-ups of one person
    LIMIT_RETRY: int = 20  # answers that one person asks for once more
    LIMIT_SEARCH: int = 60  # pages of what one person looks for
    LIMIT_EXPORT: int = 10  # histories that one person takes away
    LIMIT_CONNECT: int = 10  # connections of one person
    CONNECTIONS_PER_PERSON: int = 50  # open at once: tabs, devices, bots
    UNKNOWN_PER_ADDRESS: int = 1_000  # sockets open to one worker that have not said whose they are
    LIMIT_SIGN_IN: int = 5  # failed sign-ins per address and per e-mail, then growing waits
    LIMIT_FORMS: int = 60  # forms of the pages, sent by one person, or from one address by nobody
    LIMIT_PAGES: int = 600  # pages read by one person, or from one address by nobody
    LIMIT_SIGN_UP: int = 10  # new accounts, or tries at one, from one address
    LIMIT_EVENTS: int = 600  # any other events of one person, on all connections; API requests, too

    # Accounts
    OPEN_SIGN_UP: bool = False  # True: anybody may make a new workspace
    SESSION_DAYS: int = 30
    INVITATION_DAYS: int = 7
    PASSWORD_MIN: int = 10  # characters

    @classmethod
    def from_env(cls, environ: Mapping[str, str]) -> Config:
        """The environment; where it names none of the servers, with the file of a running bin/run.

        All of them or none: the database of one installation with the Redis of another would be two
        databases on one log. Raises ConfigError, naming the setting, when one is missing or not of
        its kind.
        """
        named = [name for name in _NEEDED if name in environ]
        given = environ if named else {**_read(RUN_ENV), **environ}
        kinds = get_type_hints(cls)
        values: dict[str, object] = {}
        for each in fields(cls):
            if each.name in given:
                values[each.name] = _parse(each.name, given[each.name], kinds[each.name])
            elif each.default is MISSING:
                raise ConfigError(_missing(each.name, named))
        _refuse_senseless(values)
        return cls(**values)  # type: ignore[arg-type]

    @property
    def FAST_ENGINE(self) -> bool:  # noqa: N802 - read as a setting
        """Whether a web worker runs on the fast engine: it needs eventlet's hub."""
        return self.ENGINE == "fast" and self.ASYNC_MODE == "eventlet"

    def __post_init__(self) -> None:
        if len(self.SECRET_KEY) < 16:
            raise ConfigError("SECRET_KEY is too short: use at least 16 random characters.")
        if self.ASYNC_MODE not in ("eventlet", "gevent", "threading"):
            raise ConfigError("ASYNC_MODE must be eventlet, gevent or threading.")
        if self.ENGINE not in ("fast", "plain"):
            raise ConfigError("ENGINE must be fast or plain.")
        if self.LOG_LEVEL.lower() not in _LOG_LEVELS:
            raise ConfigError(f"LOG_LEVEL must be one of {', '.join(_LOG_LEVELS)}.")
        if not self.REDIS_URL.startswith(_REDIS):
            raise ConfigError(f"REDIS_URL must begin with {' or '.join(_REDIS)}.")
        if not self.DATABASE_URL.startswith(_DATABASES):
            raise ConfigError("DATABASE_URL must begin with sqlite:/// or postgresql+psycopg://.")
        self._check_numbers()

    def _check_numbers(self) -> None:
        if not 1 <= self.READING_TIME <= 80:  # a task's time, and a lease, are a little longer
            raise ConfigError("READING_TIME must be between 1 and 80 seconds.")
        if self.SHARDS < 1:
            raise ConfigError("SHARDS must be at least 1.")


@dataclass(frozen=True)
class ProviderKeys:
    """How a worker reaches the providers of models. Never read by a web process: whoever breaks into
    one finds no key. A base URL alone is a server of one's own, which needs none.
    """

    OPENAI_API_KEY: str = field(default="", repr=False)
    # Any server that speaks OpenAI's language: http://localhost:11434/v1. Like the others it may have a key in it.
    OPENAI_BASE_URL: str = field(default="", repr=False)
    ANTHROPIC_API_KEY: str = field(default="", repr=False)
    ANTHROPIC_BASE_URL: str = field(default="", repr=False)
    GEMINI_API_KEY: str = field(default="", repr=False)
    GEMINI_BASE_URL: str = field(default="", repr=False)

    EMBEDDING_MODEL: str = ""  # documents are also found by their meaning; "": by words alone
    # Of another server of OpenAI's language; "": OPENAI_…
    EMBEDDING_BASE_URL: str = field(default="", repr=False)
    EMBEDDING_API_KEY: str = field(default="", repr=False)  # of that one

    def __post_init__(self) -> None:
        if self.EMBEDDING_MODEL and not (
            self.EMBEDDING_BASE_URL or self.OPENAI_BASE_URL or self.OPENAI_API_KEY
        ):
            raise ConfigError(
                "EMBEDDING_MODEL needs EMBEDDING_BASE_URL, OPENAI_BASE_URL or OPENAI_API_KEY."
            )

    @classmethod
    def from_env(cls, environ: Mapping[str, str]) -> ProviderKeys:
        return cls(**{each.name: environ.get(each.name, "") for each in fields(cls)})


def _missing(name: str, named: list[str]) -> str:
    if not named:
        return f"{name} is not set: export it, or start with bin/run."
    return (
        f"{name} is not set, but {named[0]} is: export {', '.join(_NEEDED)}, "
        "or none of them to use those of a running bin/run."
    )


def _parse(name: str, text: str, kind: object) -> object:
    try:
        if kind is bool:
            return {"1": True, "true": True, "0": False, "false": False}[text.lower()]
        if kind is int:
            return int(text)
        if kind is float:
            return float(text)
    except (KeyError, ValueError):
        raise ConfigError(
            f"{name}={text!r} is not a valid {getattr(kind, '__name__', kind)}."
        ) from None
    if kind is str:
        return text
    return tuple(part.strip() for part in text.split(",") if part.strip())


def _refuse_senseless(values: Mapping[str, object]) -> None:
    """Numbers with which something would start and then not work: a lease that is over before it is
    renewed, a limit that lets nobody do anything, a negative time.
    """
    for name, value in values.items():
        if isinstance(value, int | float) and not isinstance(value, bool):
            least = "at least 0" if name in _MAY_BE_ZERO else "above 0"
            if not isfinite(value) or value < 0 or (value == 0 and name not in _MAY_BE_ZERO):
                raise ConfigError(f"{name} must be a number {least}, not {value}.")
    lease = values.get("LEASE", Config.LEASE)
    renewal = values.get("LEASE_RENEW", Config.LEASE_RENEW)
    if lease <= renewal:  # type: ignore[operator]
        raise ConfigError(f"LEASE ({lease}) must be longer than LEASE_RENEW ({renewal}).")


def _read(path: Path) -> dict[str, str]:
    try:
        lines = path.read_text().splitlines()
    except OSError:
        return {}
    return dict(line.split("=", 1) for line in lines if "=" in line)
