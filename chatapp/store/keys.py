"""Every Redis key. All keys of one room share its shard's hash tag, so scripts run on a cluster."""

from __future__ import annotations

from zlib import crc32

CONTROL_LOG = "control:log"  # stream: what every worker must hear (see control.py)


def shard_of(room_id: str, shards: int) -> int:
    return crc32(room_id.encode()) % shards


def shard_log(shard: int) -> str:
    """Stream: every durable event of the shard's rooms, of all tenants."""
    return f"{{s{shard}}}:shard:log"


def dirty_reads(shard: int) -> str:
    """Set: read markers that the record does not have yet."""
    return f"{{s{shard}}}:shard:reads"


def room(tenant_id: str, room_id: str, shards: int) -> str:
    """Prefix of everything kept for one room."""
    return f"{{s{shard_of(room_id, shards)}}}:{tenant_id}:room:{room_id}"


def tenant(tenant_id: str) -> str:
    """Prefix of what a tenant keeps outside its rooms; one slot, for scripts over several keys."""
    return f"{{{tenant_id}}}"
