"""Every Redis key. All keys of one room share its shard's hash tag, so scripts run on a cluster."""

from __future__ import annotations

from functools import cached_property, lru_cache
from zlib import crc32

from chatapp.store.here import here
from chatapp.types import Room

CONTROL_LOG = "control:log"  # stream: what every worker must hear
LIMITS = "limits"  # prefix of the counters that the library keeps
PROBE = "health:probe"  # string: written to see whether Redis takes writes
RECORD_WATCHED = "record:watched"  # string: held by the last who looked whether the record lags
BUDGET_TENANTS = "budget:tenants"  # set: tenant ids that have something reserved
BUDGETS_SWEPT = "budget:swept"  # string: held by the last sweeper until the next is due
ASSISTANT_PROVIDERS = "assistant:providers"  # string: JSON list of what the workers reach; expires
ASSISTANT_EMBEDDER = (
    "assistant:embedder"  # string: JSON, the model and server of embeddings; expires
)
EMBEDDING = "assistant:embedding"  # string: the token of whoever gives passages vectors; a lease
ASSISTANT_SWEPT = "assistant:swept"  # string: held by the last sweeper until the next is due
ASSISTANT_FIGURES = "assistant:figures"  # hash: "what of-which" -> how much; see run_figures.py
ASSISTANT_LEFT = "assistant:left"  # hash: "tenant room" -> since when nobody answers there, seconds
PRESENCE_TENANTS = "presence:tenants"  # set: tenant ids that have leases
PRESENCE_SWEPT = "presence:swept"  # string: held by the last sweeper until the next is due


def shard_of(room_id: str, shards: int) -> int:
    return crc32(room_id.encode()) % shards


def shard_log(shard: int) -> str:
    """Stream: every durable event of the shard's rooms, of all tenants."""
    return f"{{s{shard}}}:shard:log"


def shard_life(shard: int) -> str:
    """String: changes when Redis came back with less than it had; heads of another life are cold."""
    return f"{{s{shard}}}:shard:life"


def shard_run(shard: int) -> str:
    """String: the replication id under which Redis was last found to have all it had."""
    return f"{{s{shard}}}:shard:run"


def shard_writer(shard: int) -> str:
    """String: held for a moment by the process that writes this shard into the record."""
    return f"{{s{shard}}}:shard:writer"


def shard_failures(shard: int) -> str:
    """Hash: entry id -> how often the record refused it."""
    return f"{{s{shard}}}:shard:failures"


def shard_reads(shard: int) -> str:
    """Set: read markers, as JSON, that the record does not have yet."""
    return f"{{s{shard}}}:shard:reads"


def shard_aging(shard: int) -> str:
    """Sorted set: "tenant room" -> when the oldest event in its room log may be thrown away, in seconds."""
    return f"{{s{shard}}}:shard:aging"


def tenant(tenant_id: str) -> str:
    """Prefix of what a tenant keeps outside its rooms; one slot, for scripts over several keys."""
    return f"{{{tenant_id}}}"


class RoomKeys:
    """Everything kept for one room."""

    def __init__(self, room: Room, shards: int) -> None:
        self.room = room
        self.shard = shard_of(room.id, shards)
        self._tenant = f"{{s{self.shard}}}:{room.tenant_id}"
        self._room = f"{self._tenant}:room:{room.id}"

    @cached_property
    def shard_log(self) -> str:
        return shard_log(self.shard)

    @cached_property
    def shard_life(self) -> str:
        return shard_life(self.shard)

    @cached_property
    def shard_run(self) -> str:
        return shard_run(self.shard)

    @cached_property
    def shard_reads(self) -> str:
        return shard_reads(self.shard)

    @cached_property
    def head(self) -> str:
        """Hash: epoch, seq, applied, began, lost, life, archived; see lua/warm.lua."""
        return f"{self._room}:head"

    @cached_property
    def log(self) -> str:
        """Stream: the room's events, id <seq>-0."""
        return f"{self._room}:log"

    @cached_property
    def members(self) -> str:
        """Set of user ids."""
        return f"{self._room}:members"

    @cached_property
    def revisions(self) -> str:
        """Hash: message id -> revision, below zero once removed; of a day's edits and removals."""
        return f"{self._room}:revisions"

    @cached_property
    def reads(self) -> str:
        """Hash: user id -> seq up to which they have read."""
        return f"{self._room}:reads"

    def sent(self, author_id: str, client_id: str) -> str:
        """String: the seq a client_id was given."""
        return f"{self._room}:sent:{author_id}:{client_id}"

    @property
    def answering(self) -> str:
        """String: the token of whoever answers here; a lease."""
        return f"{self._room}:answering"

    def pieces(self, run_id: str) -> str:
        """Stream: o, t: an unfinished answer, each piece with the offset it begins at."""
        return f"{self._room}:run:{run_id}:pieces"

    def standing(self, run_id: str) -> str:
        """Hash: by, length, cancelled, ended; see lua/grow.lua."""
        return f"{self._room}:run:{run_id}:standing"

    def author_limit(self, author_id: str) -> str:
        """Counter: what somebody sent in this minute, in this shard."""
        return f"{self._tenant}:limit:send:user:{author_id}"

    @property
    def room_limit(self) -> str:
        """Counter: what was sent to the room in this minute."""
        return f"{self._room}:limit:send"

    @property
    def workspace_limit(self) -> str:
        """Counter: what was sent in the workspace in this minute, in this shard."""
        return f"{self._tenant}:limit:send:workspace"


def room_keys(room: Room) -> RoomKeys:
    return _kept(room.tenant_id, room.id, here().config["SHARDS"])


@lru_cache(maxsize=10_000)
def _kept(tenant_id: str, room_id: str, shards: int) -> RoomKeys:
    """Names made once, not for each message."""
    return RoomKeys(Room(tenant_id, room_id), shards)


def presence(tenant_id: str) -> list[str]:
    """Leases, states, index, people, sweeps: see lua/presence.lua."""
    parts = ("leases", "states", "index", "people", "sweeps")
    return [f"{tenant(tenant_id)}:presence:{part}" for part in parts]


def budget(tenant_id: str) -> list[str]:
    """Money, holds, rebuilder: see lua/budget.lua."""
    return [f"{tenant(tenant_id)}:budget:{part}" for part in ("money", "holds", "rebuilder")]


def asked(tenant_id: str, user_id: str) -> str:
    """Counter: what a person asked over their sockets, as far as the workers reckoned it up."""
    return f"{tenant(tenant_id)}:asked:{user_id}"


def open_questions(tenant_id: str, user_id: str) -> str:
    """Sorted set: "question attempt" of what a person has asked and nobody has answered, see lua/place.lua."""
    return f"{tenant(tenant_id)}:questions:{user_id}"


def failures(name: str, who: str) -> str:
    """Hash: failed attempts and when the next is allowed, see lua/attempt.lua."""
    return f"{LIMITS}:failures:{name}:{who}"


def answer(tenant_id: str, user_id: str, name: str) -> str:
    """String: what was answered to a request with an Idempotency-Key."""
    return f"{tenant(tenant_id)}:answer:{user_id}:{name}"
