"""Google's quotas: calls of the last minute per user and per project, reads and writes apart. A clock is given."""

from collections import deque
from dataclasses import dataclass, field

from .spreadsheet import Json

WINDOW = 60.0
PROJECT = "269908437164"


@dataclass(frozen=True, slots=True)
class Limits:
    """Calls per minute."""

    per_user: int = 60
    per_project: int = 300


@dataclass(slots=True)
class Quota:
    """Counts, and says which limit a call would break. A refused call does not count."""

    limits: Limits = Limits()
    _calls: dict[tuple[str, str], deque[float]] = field(default_factory=dict)

    def broken(self, kind: str, user: str, now: float) -> Json | None:
        """Count one `read` or `write` of that user; the error body of a 429 when it is one too many."""
        mine, all_of_us = self._recent(kind, user, now), self._recent(kind, "", now)
        if len(mine) >= self.limits.per_user:
            return exceeded(kind, "PerUser", self.limits.per_user)
        if len(all_of_us) >= self.limits.per_project:
            return exceeded(kind, "", self.limits.per_project)
        mine.append(now)
        all_of_us.append(now)
        return None

    def _recent(self, kind: str, user: str, now: float) -> deque[float]:
        calls = self._calls.setdefault((kind, user), deque())
        while calls and calls[0] <= now - WINDOW:
            calls.popleft()
        return calls


def exceeded(kind: str, per_user: str, limit: int) -> Json:
    """Google's words for a quota that is used up."""
    name = kind.capitalize()
    said = f"{name} requests per minute{' per user' if per_user else ''}"
    details = {
        "@type": "type.googleapis.com/google.rpc.ErrorInfo",
        "reason": "RATE_LIMIT_EXCEEDED",
        "domain": "googleapis.com",
        "metadata": {
            "consumer": f"projects/{PROJECT}",
            "service": "sheets.googleapis.com",
            "quota_metric": f"sheets.googleapis.com/{kind}_requests",
            "quota_limit": f"{name}RequestsPerMinute{per_user}" if not per_user else f"{name}RequestsPerMinutePerUser",
            "quota_limit_value": str(limit),
        },
    }
    message = (
        f"Quota exceeded for quota metric '{name} requests' and limit '{said}' of service 'sheets.googleapis.com' "
        f"for consumer 'project_number:{PROJECT}'."
    )
    return {"error": {"code": 429, "message": message, "status": "RESOURCE_EXHAUSTED", "details": [details]}}
