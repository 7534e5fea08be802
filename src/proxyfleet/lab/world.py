"""What all servers of one lab share: names, passages, chance, time, certificates, tasks. No behaviour of its own."""

from dataclasses import dataclass
from random import Random

from proxyfleet.clock import Clock
from proxyfleet.tasks import Tasks

from .certificates import Authority
from .hosts import Hosts
from .passages import Passages


@dataclass(frozen=True, slots=True)
class World:
    """Made by `Lab`, lent to its proxies and targets."""

    hosts: Hosts
    passages: Passages
    rng: Random
    clock: Clock
    authority: Authority
    tasks: Tasks
