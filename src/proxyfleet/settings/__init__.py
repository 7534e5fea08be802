"""Settings of a node from flags, environment, file and defaults. Names only; what there is to set is in `schema`."""

from .load import Loaded, SettingsError, load
from .schema import Settings
from .show import Row, meanings, rows

__all__ = ["Loaded", "Row", "Settings", "SettingsError", "load", "meanings", "rows"]
