"""What a method owes the flows, as tests that a host's own method can be held to.

    class TestMyMethod(MethodContract):
        def make_method(self): return MyMethod()
        def right_answer(self, step, now): return step.kept["secret"]

`pytest.register_assert_rewrite("flask_twofactor.testing.method_contract")` in a `conftest.py`
shows the values of a failed comparison.
"""

from __future__ import annotations

import json
from abc import abstractmethod
from dataclasses import replace

from flask_twofactor.core.ports import Method
from flask_twofactor.core.records import Account, Authenticator, Claim, Enrolment, Refusal, Step

ACCOUNT = Account("user:1", "ann@host.test", "Host")
NOW = 1_800_000_000.0
TEXTS = ("name", "title", "summary", "prompt", "code_label", "code_hint", "use_label", "input_mode")
ODD_ANSWERS = (
    "",
    " ",
    "abc",
    "\uff11\uff12\uff13\uff14\uff15\uff16",
    "\u0661\u0662\u0663\u0664\u0665\u0666",
    "12\x0034",
    "123456\n7",
    "1" * 10_000_000,
    "\ud800",
    "'; drop table",
)


class MethodContract:
    """Subclass it, give the method and its right answer, and pytest runs the promises."""

    @abstractmethod
    def make_method(self) -> Method:
        """Make the method."""

    @abstractmethod
    def right_answer(self, step: Step, now: float) -> str:
        """Give what its owner would type at this time, from what the setup made."""

    def begin(self, method: Method) -> Step:
        """Begin a setup. One that sends overrides it: its step names a place and a binding."""
        return method.begin_setup(ACCOUNT)

    def set_up(self, method: Method) -> tuple[Step, Authenticator]:
        """Set the method up, an hour before now."""
        step, at = self.begin(method), NOW - 3600
        done = method.complete_setup(step, self.right_answer(step, at), at)
        assert isinstance(done, Enrolment), "the right answer was refused at setup"
        made = Authenticator(
            id="a",
            method=method.name,
            name="A",
            created_at=at,
            counter=done.counter,
            protects=not method.fallback_only,
            data=json.loads(json.dumps(done.data)),
        )
        return step, made

    def answer(self, method: Method, owned: list[Authenticator], step: Step) -> Claim | Refusal:
        """Give the right answer at a challenge that is bound as the flows bind it."""
        asked = Step(kept={"binding": "challenge:1"})
        return method.complete_challenge(owned, asked, self.right_answer(step, NOW), NOW)

    def test_it_says_who_it_is(self) -> None:
        """Pages need a name, a title, a prompt and a label in plain words."""
        method = self.make_method()
        assert all(isinstance(getattr(method, name), str) for name in TEXTS)
        assert all(getattr(method, name).strip() for name in TEXTS)
        assert method.name.isidentifier()
        assert method.input_mode in {"numeric", "text"}
        assert method.limit >= 1

    def test_what_is_kept_can_be_sealed_and_shown_again(self) -> None:
        """Kept data survives JSON, and a reload shows the very same step."""
        method = self.make_method()
        step = self.begin(method)
        kept = json.loads(json.dumps(step.kept))
        assert method.resume_setup(ACCOUNT, kept).shown == step.shown

    def test_no_two_setups_are_alike(self) -> None:
        """Secrets are fresh at each setup."""
        method = self.make_method()
        assert self.begin(method).kept != self.begin(method).kept

    def test_the_right_answer_is_claimed_for_an_owned_authenticator(self) -> None:
        """A claim names what is to be used up, and only something that the user has."""
        method = self.make_method()
        step, made = self.set_up(method)
        found = self.answer(method, [made], step)
        assert isinstance(found, Claim)
        assert found.authenticator_id == made.id
        claimed = [found.counter, found.spent, found.sent]
        assert sum(one is not None for one in claimed) == 1

    def test_a_claim_moves_forward(self) -> None:
        """After its claim was applied, the same answer claims nothing that still moves.

        A single-use code is told by the store's conditional write.
        """
        method = self.make_method()
        step, made = self.set_up(method)
        first = self.answer(method, [made], step)
        assert isinstance(first, Claim)
        if first.counter is not None:
            used = replace(made, counter=first.counter)
            again = self.answer(method, [used], step)
            assert isinstance(again, Refusal)
            assert again.code == "code_used"

    def test_the_answer_of_somebody_else_is_refused_or_left_to_the_store(self) -> None:
        """An answer never claims by its form alone what the method itself can check."""
        method = self.make_method()
        (step, _), (_, other) = self.set_up(method), self.set_up(method)
        assert _is_left_to_the_store(self.answer(method, [other], step))

    def test_what_cannot_be_read_is_never_right(self) -> None:
        """An authenticator whose data is lost exists, and no answer claims a step of it."""
        method = self.make_method()
        step, made = self.set_up(method)
        lost = replace(made, data=None)
        assert _is_left_to_the_store(self.answer(method, [lost], step))

    def test_odd_answers_are_refused_with_a_code(self) -> None:
        """Whatever is typed, there is a refusal with a stable code, and nothing is raised."""
        method = self.make_method()
        step, made = self.set_up(method)
        for typed in ODD_ANSWERS:
            found = method.complete_challenge([made], Step(), typed, NOW)
            assert isinstance(found, Refusal), f"{typed[:16]!a} was taken"
            assert found.code.isidentifier()
            assert method.complete_setup(step, typed, NOW) is not None

    def test_it_knows_its_answers_by_their_shape(self) -> None:
        """A right answer has the shape, whatever else is typed has not."""
        method = self.make_method()
        step, _ = self.set_up(method)
        assert method.reads(self.right_answer(step, NOW))
        assert not any(method.reads(typed) for typed in ODD_ANSWERS)

    def test_a_challenge_keeps_no_secret(self) -> None:
        """What a challenge shows has nothing of the secret."""
        method = self.make_method()
        step, made = self.set_up(method)
        asked = repr(method.begin_challenge([made], NOW).shown)
        assert all(str(secret) not in asked for secret in step.kept.values())

    def test_nothing_secret_is_printed(self) -> None:
        """Neither a step, an enrolment, a claim nor an authenticator shows a secret by `repr`."""
        method = self.make_method()
        step, made = self.set_up(method)
        typed = self.right_answer(step, NOW)
        claim = self.answer(method, [made], step)
        enrolment = method.complete_setup(step, typed, NOW)
        printed = repr((step, made, claim, enrolment))
        assert all(str(secret) not in printed for secret in step.kept.values())


def _is_left_to_the_store(found: Claim | Refusal) -> bool:
    return isinstance(found, Refusal) or found.spent is not None or found.sent is not None
