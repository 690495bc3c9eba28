"""What the model knows of a person: what was accepted, what was spent, what is in doubt."""

from __future__ import annotations

from dataclasses import dataclass, field

MOST_GUESSES = 6
"""Wrong codes of a person in one run, those that may have been counted among them."""


@dataclass
class Person:
    """A user of the host. A step or code is in doubt from being sent until it is answered."""

    email: str
    secret: str = ""
    step: int = -1
    codes: list[str] = field(default_factory=list)
    spent: list[str] = field(default_factory=list)
    doubtful_steps: set[int] = field(default_factory=set)
    guesses: int = 0

    @property
    def may_guess(self) -> bool:
        """Whether another wrong code cannot make this person wait."""
        return self.guesses < MOST_GUESSES

    def must_accept(self, step: int) -> bool | None:
        """Say whether the code of a step is right: yes, no, or None where nobody can know."""
        if step <= self.step:
            return False
        return None if step <= max(self.doubtful_steps, default=-1) else True
