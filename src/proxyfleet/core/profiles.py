"""The label sets that are in use, each one object with a number, however many proxies share it. Counts users, reuses numbers."""

from proxyfleet.core.clause import Profile


class Profiles:
    """`take` and `release` must pair; `at(number)` is the profile."""

    def __init__(self) -> None:
        self._numbers: dict[Profile, int] = {}
        self._profiles: list[Profile | None] = []
        self._users: list[int] = []
        self._spare: list[int] = []

    def __len__(self) -> int:
        return len(self._numbers)

    def at(self, number: int) -> Profile:
        """The profile of a number in use; KeyError otherwise."""
        profile = self._profiles[number]
        if profile is None:
            raise KeyError(number)
        return profile

    def take(self, profile: Profile) -> int:
        """The number of this profile for one more user."""
        number = self.number(profile)
        self._users[number] += 1
        return number

    def number(self, profile: Profile) -> int:
        """The number of this profile; one that was not in use is to be counted by `take_many` before anything else."""
        number = self._numbers.get(profile)
        return self._new(profile) if number is None else number

    def take_many(self, number: int, users: int) -> None:
        """That many more users."""
        self._users[number] += users

    def _new(self, profile: Profile) -> int:
        if self._spare:
            number = self._spare.pop()
            self._profiles[number] = profile
        else:
            number = len(self._profiles)
            self._profiles.append(profile)
            self._users.append(0)
        self._numbers[profile] = number
        return number

    def release(self, number: int) -> bool:
        """One user less; True when that was the last one and the number means nothing any more."""
        self._users[number] -= 1
        if self._users[number]:
            return False
        del self._numbers[self.at(number)]
        self._profiles[number] = None
        self._spare.append(number)
        return True
