"""Password rules and Argon2id.

Source: OWASP ASVS 5.0, 6.2: length instead of composition, common passwords refused,
nothing trimmed or cut; OWASP Password Storage (Argon2id, 19 MiB, 2 passes, 1 lane).
"""

import secrets
from functools import cache
from pathlib import Path

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from models.errors import Rejected

MIN_LENGTH = 12
MAX_LENGTH = 128
COMMON_PASSWORDS_FILE = Path(__file__).with_name("common_passwords.txt")
# No vowels, no look-alikes: easy to read aloud and to type from paper.
SAMPLE_ALPHABET = "bcdfghjkmnpqrstvwxz23456789"

_hasher = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)


class BadPassword(Rejected):
    """The password breaks a rule; ``context["rule"]`` names it: short, long, common or name."""


@cache
def common_passwords() -> frozenset[str]:
    """Passwords that guessers try first, in lower case."""
    lines = COMMON_PASSWORDS_FILE.read_text(encoding="utf-8").splitlines()
    return frozenset(line for line in lines if line and not line.startswith("#"))


def check_password(password: str, *, name: str) -> str:
    """Return the password if it may be used.

    Raises:
        BadPassword: too short, too long, common, or little more than the person's name.
    """
    if len(password) < MIN_LENGTH:
        raise BadPassword(f"A password has at least {MIN_LENGTH} characters.", rule="short", limit=MIN_LENGTH)
    if len(password) > MAX_LENGTH:
        raise BadPassword(f"A password has at most {MAX_LENGTH} characters.", rule="long", limit=MAX_LENGTH)
    plain = password.casefold()
    if plain in common_passwords() or plain.strip("0123456789!.*#") in common_passwords():
        raise BadPassword("This password is among the most common ones.", rule="common")
    if len(set(plain)) < 5:
        raise BadPassword("This password repeats too few characters.", rule="common")
    if len(plain.replace(name.casefold(), "")) < MIN_LENGTH // 2:
        raise BadPassword("The password is little more than the name.", rule="name")
    return password


def hash_password(password: str) -> str:
    """Argon2id hash with its salt and parameters."""
    return _hasher.hash(password)


def is_password(password: str, password_hash: str) -> bool:
    """Whether the password is the hashed one; takes as long for a wrong one."""
    try:
        return _hasher.verify(password_hash, password)
    except (VerificationError, InvalidHashError):
        return False


def needs_rehash(password_hash: str) -> bool:
    """Whether the hash was made with other parameters than today's."""
    return _hasher.check_needs_rehash(password_hash)


@cache
def decoy_hash() -> str:
    """A hash that nobody's password has, checked for unknown names so that they take as long."""
    return hash_password(secrets.token_urlsafe(32))


def random_password() -> str:
    """A password for a sample user: four groups of five, about 95 bits."""
    groups = ("".join(secrets.choice(SAMPLE_ALPHABET) for _ in range(5)) for _ in range(4))
    return "-".join(groups)
