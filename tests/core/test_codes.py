"""How typed codes are read: forgiving where it is safe, deaf to everything else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flask_twofactor.core import codes

BACKUP = "7ZK3M-0QW1X-ABCDE-FGHJK-MNPQR"
SHAPES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


@pytest.mark.parametrize(
    "typed",
    [
        "123456",
        "123 456",
        " 123456 ",
        "12 34 56",
        "123-456",
        "1-2-3-4-5-6",
        "123\t456",
        "123\u00a0456",
        "123\u202f456",
        "123\u2013456",
        "123\u2212456",
    ],
)
def test_blanks_and_dashes_are_ignored(typed: str) -> None:
    """A code may be pasted with any blank or dash in it."""
    assert codes.read_digits(typed) == "123456"


@pytest.mark.parametrize(
    "typed",
    [
        "",
        " ",
        "12345",
        "1234567",
        "12345a",
        "abcdef",
        "\uff11\uff12\uff13\uff14\uff15\uff16",  # full-width
        "\u0661\u0662\u0663\u0664\u0665\u0666",  # Arabic-Indic
        "\u06f1\u06f2\u06f3\u06f4\u06f5\u06f6",  # Persian
        "12345\u00b2",
        "\u2460\u2461\u2462\u2463\u2464\u2465",
        "123456\x00",
        "\x00123456",
        "123\x00456",
        "123456\n",
        "123\n456",
        "123456\r\n",
        "123456\x7f",
        "+12345",
        "1_2345",
        "0x1234",
        "1" * 10_000_000,
        " " * 10_000_000 + "123456",
        "123456" + " " * 200,
        "\ud800",
    ],
    ids=lambda typed: f"{ascii(typed)[:20]} {len(typed)}",
)
def test_what_is_not_six_ascii_digits_is_no_code(typed: str) -> None:
    """Foreign digits, control characters and anything long are no code."""
    assert codes.read_digits(typed) is None
    assert codes.read_backup_code(typed) is None


@pytest.mark.parametrize("typed", [None, 123456, 1234.5, True, b"12345", ["123456"], {"a": 1}])
def test_what_is_not_text_is_no_code(typed: object) -> None:
    """A number, a list or bytes are no code, whatever they look like."""
    assert codes.read_digits(typed) is None
    assert codes.read_backup_code(typed) is None


@given(SHAPES)
def test_reading_never_raises(typed: object) -> None:
    """Whatever is typed, reading gives a sound code or None."""
    digits, backup = codes.read_digits(typed), codes.read_backup_code(typed)

    assert digits is None or (len(digits) == 6 and digits.isascii() and digits.isdigit())
    assert backup is None or (len(backup) == 25 and set(backup) <= set(codes.CROCKFORD))


@pytest.mark.parametrize(
    "typed",
    [
        BACKUP,
        BACKUP.lower(),
        BACKUP.replace("-", ""),
        BACKUP.replace("-", " "),
        BACKUP.replace("-", " - "),
        f"  {BACKUP}  ",
        BACKUP.replace("0", "O").replace("1", "I"),
        BACKUP.replace("0", "o").replace("1", "l"),
        BACKUP.replace("1", "L"),
        BACKUP.replace("-", "\u2014"),
    ],
)
def test_a_backup_code_forgives(typed: str) -> None:
    """Case, blanks, dashes and look-alikes do not matter."""
    assert codes.read_backup_code(typed) == BACKUP.replace("-", "")


@pytest.mark.parametrize(
    "typed",
    [
        BACKUP[:-1],
        BACKUP + "A",
        BACKUP.replace("A", "U"),
        BACKUP.replace("A", "!"),
        BACKUP.replace("1", "\u0131"),  # upper case makes an I of it
        BACKUP.replace("M", "\u017f"),  # upper case makes an S of it
        BACKUP.replace("MN", "\ufb01"),  # upper case makes two letters of it
        BACKUP.replace("-", "\n"),
    ],
)
def test_a_backup_code_forgives_no_more(typed: str) -> None:
    """Letters outside the alphabet, foreign look-alikes and wrong lengths are refused."""
    assert codes.read_backup_code(typed) is None


def test_made_codes_differ_and_read_back() -> None:
    """A code as it is shown reads back as it was made, and no two are alike."""
    made = [codes.make_backup_code() for _ in range(200)]

    assert len(set(made)) == 200
    assert [codes.read_backup_code(codes.group(one)) for one in made] == made


def test_a_code_is_set_in_groups() -> None:
    """Five groups of five for backup codes, fours for keys."""
    assert codes.group("ABCDEFGHJK") == "ABCDE-FGHJK"
    assert codes.group("ABCDEFGHJ", 4, " ") == "ABCD EFGH J"
