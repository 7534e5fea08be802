"""The public test kit: a little world of proxies and targets that misbehave on command. Names only; see `lab.lab`."""

from .behaviour import Behaviour
from .clock import HandClock
from .control import Control
from .hosts import Hosts
from .lab import Lab, Layout
from .lists import Listed, some_listed
from .pages import Visit
from .passages import Passage
from .proxy import LabProxy
from .serve import LabOptions, serve_lab
from .source_site import SourceSite
from .target import Target

__all__ = [
    "Behaviour",
    "Control",
    "HandClock",
    "Hosts",
    "Lab",
    "LabOptions",
    "LabProxy",
    "Layout",
    "Listed",
    "Passage",
    "SourceSite",
    "Target",
    "Visit",
    "serve_lab",
    "some_listed",
]
