"""A browser that does what people do and compares every answer with what is true."""

from __future__ import annotations

import random
import re
import time
from collections import Counter
from collections.abc import Callable, Sequence
from wsgiref.types import WSGIApplication

import pyotp

from benchmarks.client import Answer, Client
from benchmarks.host import PASSWORD
from benchmarks.site import CHALLENGE
from benchmarks.soak.person import Person
from benchmarks.soak.remote import NoAnswerError
from benchmarks.soak.trouble import Trouble
from flask_twofactor.methods.totp import PERIOD

ACCOUNT, SETUP = "/account", "/two-factor/setup/totp"
INSIDE = re.compile(r"Account of (\S+?)<")
KEY = re.compile(r'id="tf-key"[^>]*>([A-Z2-7 ]+)<')
CODE = re.compile(r"<li><code>([^<]+)</code>")
WRONG_CODE, WRONG_BACKUP_CODE = "000000", "0" * 25


class TroubledError(Exception):
    """No answer, or one that says that something is down, in a time of trouble."""


class WrongAnswerError(Exception):
    """An answer that must not be."""


class Walker:
    """Walks of some people through one host. Nobody else uses these people."""

    def __init__(
        self,
        app: WSGIApplication,
        people: Sequence[Person],
        new: Sequence[Person],
        trouble: Trouble,
    ) -> None:
        self.app, self.people, self.trouble = app, people, trouble
        self.new = list(new)
        self.wrong: list[str] = []
        self.done: Counter[str] = Counter()
        self.client = Client(app)
        self.person = people[0]
        self.inside = False

    def walk(self) -> None:
        """Take one walk, by chance; what goes wrong is kept in `wrong`."""
        story = random.choice([self.visit, self.log_in, self.log_in, self.use_a_code, self.set_up])
        self.take(story)

    def take(self, story: Callable[[], None]) -> None:
        """Take this walk."""
        self.person, self.client = random.choice(self.people), Client(self.app)
        self.inside = False
        try:
            story()
        except TroubledError:
            self.done["broken off by trouble"] += 1
        except WrongAnswerError as error:
            self.wrong.append(f"{story.__name__}, {self.person.email}: {error}")

    def visit(self) -> None:
        """A stranger sees no account."""
        self.expect(self.get("/"), "200", "the front page")
        self.expect_outside("a stranger")
        self.done["strangers turned away"] += 1

    def log_in(self) -> None:
        """A code lets in once: a code of a used step never does."""
        self.give_password()
        if self.person.may_guess and random.random() < 0.3:
            self.be_refused("totp", WRONG_CODE, "wrong codes refused")
        if self.send_totp():
            self.look_around()

    def use_a_code(self) -> None:
        """A backup code lets in once."""
        self.give_password()
        person = self.person
        if person.may_guess and random.random() < 0.2:
            wrong = random.choice([*person.spent, WRONG_BACKUP_CODE])
            self.be_refused("backup_code", wrong, "spent and wrong backup codes refused")
        if not person.codes:
            return
        # Taken out first: whether it was spent is not known where no answer comes.
        code = person.codes.pop()
        answer = self.post(CHALLENGE, method="backup_code", code=code)
        self.expect(answer, "200", "a fresh backup code")
        person.spent.append(code)
        self.done["logins by backup code"] += 1
        self.look_around()

    def set_up(self) -> None:
        """Somebody without a second factor sets one up; from then on it is asked for."""
        if not self.new:
            return
        self.person = self.new.pop()
        self.get("/login")
        self.expect(self.send_password(), "302", "the password of somebody without a factor")
        self.inside = True
        self.expect_inside()
        key = KEY.search(self.get(SETUP)[2])
        if not key:
            raise WrongAnswerError("a setup page without a key")
        secret, step = key[1].replace(" ", ""), int(time.time()) // PERIOD
        answer = self.post(SETUP, code=pyotp.TOTP(secret).generate_otp(step))
        self.expect(answer, "200", "the first code of a new app")
        self.expect_inside()
        self.done["setups"] += 1
        self.person.secret, self.person.step = secret, step
        self.person.codes = CODE.findall(answer[2])
        self.leave()
        self.give_password()

    def give_password(self) -> None:
        """The right password alone opens nothing."""
        self.get("/login")
        answer = self.send_password()
        self.expect(answer, "302", "a right password")
        if dict(answer[1])["Location"] != CHALLENGE:
            raise WrongAnswerError("the password alone was enough")
        self.get(CHALLENGE)
        self.expect_outside("who gave a password only")

    def send_password(self) -> Answer:
        """Send the login form."""
        return self.post("/login", email=self.person.email, password=PASSWORD)

    def be_refused(self, method: str, code: str, what: str) -> None:
        """A code that is not right opens nothing."""
        self.person.guesses += 1
        self.expect(self.post(CHALLENGE, method=method, code=code), "400", "a wrong code")
        self.expect_outside("who gave a wrong code")
        self.done[what] += 1

    def send_totp(self) -> bool:
        """Send the code of now; say whether it let in."""
        person, step = self.person, int(time.time()) // PERIOD
        expected = person.must_accept(step)
        if expected is not True:
            if not person.may_guess:
                return False
            person.guesses += 1
        person.doubtful_steps.add(step)
        code = pyotp.TOTP(person.secret).generate_otp(step)
        status, _, text = self.post(CHALLENGE, method="totp", code=code)
        accepted = status.startswith("303")
        if expected is not None and accepted is not expected:
            told = f"step {step} after {person.step}, {status}, {text[-1500:]}"
            raise WrongAnswerError(f"a code accepted: {accepted}, expected: {expected}; {told}")
        person.step = max(person.step, step)
        person.doubtful_steps.clear()
        if not accepted:
            self.expect_outside("who gave a used code")
        self.done["logins by app" if accepted else "used codes refused"] += 1
        return accepted

    def look_around(self) -> None:
        """Who is in sees their own account and nobody else's, and is out after logging out."""
        self.inside = True
        for _ in range(random.randint(1, 4)):
            self.expect_inside()
            self.done["pages"] += 1
        self.leave()

    def leave(self) -> None:
        """After logging out neither the session nor a copy of its cookie opens anything."""
        kept = dict(self.client.cookies)
        self.expect(self.get("/logout"), "302", "logging out")
        self.inside = False
        self.expect_outside("who logged out")
        self.client.cookies = kept
        self.expect_outside("who kept a copy of the cookie")
        self.client = Client(self.app)
        self.done["logouts"] += 1

    def expect_inside(self) -> None:
        """The account page is the person's own."""
        self.expect(self.get(ACCOUNT), "200", "an own page")

    def expect_outside(self, who: str) -> None:
        """The account page leads elsewhere."""
        self.expect(self.get(ACCOUNT), "302", f"the account page for {who}")

    def expect(self, answer: Answer, status: str, what: str) -> None:
        """Check an answer's status."""
        if not answer[0].startswith(status):
            text = re.sub(r"\s+", " ", answer[2])[:3000]
            raise WrongAnswerError(f"{what} was answered {answer[0]}: {text}")

    def get(self, path: str) -> Answer:
        """Ask for a page."""
        return self._ask(lambda: self.client.get(path))

    def post(self, path: str, **fields: str) -> Answer:
        """Send a form."""
        return self._ask(lambda: self.client.post(path, **fields))

    def _ask(self, ask: Callable[[], Answer]) -> Answer:
        start = time.monotonic()
        try:
            answer = ask()
        except NoAnswerError as error:
            if self.trouble.since(start):
                raise TroubledError from error
            raise WrongAnswerError(f"no answer: {error}") from error
        self.done["answers"] += 1
        self._vet(answer)
        if answer[0].startswith("5") and self.trouble.since(start):
            raise TroubledError
        return answer

    def _vet(self, answer: Answer) -> None:
        # Whatever is down: nobody is let in, and nobody sees another's page.
        if shown := INSIDE.search(answer[2]):
            if not self.inside:
                raise WrongAnswerError("an account was shown to somebody outside")
            if shown[1] != self.person.email:
                raise WrongAnswerError(f"the account of {shown[1]} was shown")
