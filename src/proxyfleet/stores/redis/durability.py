"""What this Redis promises of what it has acknowledged, read from the server itself. Changes none of its settings."""

from typing import Final, NamedTuple

from proxyfleet.stores.errors import StoreError, StoreUnusable
from proxyfleet.stores.redis.server import RedisServer

OLDEST: Final = (6, 2)


class Durability(NamedTuple):
    """`told` is for people; `kept`: whether a restart of the same process cannot have lost anything acknowledged."""

    told: str
    kept: bool


async def durability(server: RedisServer) -> Durability:
    """Ask the server. Raises `StoreUnusable` when it is too old, or may throw keys away."""
    told = facts((await server.ask("INFO")).decode(errors="replace"))
    refuse(told, server.address.shown)
    policy = await _setting(server, "appendfsync") if told.get("aof_enabled") == "1" else ""
    snapshots = "" if policy else await _setting(server, "save")
    return judged(told, policy, snapshots)


def facts(info: str) -> dict[str, str]:
    """The `name:value` lines of INFO."""
    pairs = (line.partition(":") for line in info.splitlines() if line and not line.startswith("#"))
    return {name: value for name, _, value in pairs}


def refuse(told: dict[str, str], shown: str) -> None:
    """Raise `StoreUnusable` for a server that cannot keep claims."""
    version = told.get("redis_version", "0")
    if tuple(int(part) for part in version.split(".")[:2] if part.isdigit()) < OLDEST:
        raise StoreUnusable(f"Redis at {shown} is version {version}; claims need {OLDEST[0]}.{OLDEST[1]} or newer")
    if told.get("maxmemory_policy", "").startswith("allkeys"):
        cause = (
            f"Redis at {shown} throws away any key when memory is short (maxmemory-policy {told['maxmemory_policy']})"
        )
        raise StoreUnusable(f"{cause}, claims too; set it to noeviction")


async def _setting(server: RedisServer, name: str) -> str:
    """`unknown` where CONFIG is not allowed, as some providers have it."""
    try:
        found = await server.ask("CONFIG", "GET", name)
    except StoreError:
        return "unknown"
    return found[1].decode() if found else "unknown"


def judged(told: dict[str, str], policy: str, snapshots: str) -> Durability:
    """In words. After a failover even `always` has kept only what the replica had received."""
    replicas = int(told.get("connected_slaves", "0"))
    promoted = told.get("second_repl_offset", "-1") != "-1"
    kept = policy == "always" and not promoted
    words = {
        "always": "appendfsync always: acknowledged when it is on Redis's disk",
        "everysec": "appendfsync everysec: a crash of Redis's machine may lose the last second or two",
        "no": "appendfsync no: a crash of Redis's machine loses what its system had not written yet",
        "unknown": "append-only file, how often it is synced is not told: count on losing the last seconds",
    }
    if policy:
        text = words.get(policy, words["unknown"])
    elif snapshots:
        text = "snapshots only (appendonly no): a crash of Redis loses all since the last one"
    else:
        text = "nothing is kept when Redis stops (appendonly no, no snapshots)"
    if replicas:
        text += f"; {replicas} replica{'s' if replicas > 1 else ''}: a failover may lose the last answers"
    return Durability(text, kept)
