"""Names of things: random numbers inside, short text outside, keys hashed into one of two name spaces.

Users and places are random 63-bit numbers (8 bytes beside 16 for a UUID, twice in every journal row). An entry's id is
128 bits: of a client's idempotency key, or of what the system undoes. The two name spaces never meet, so a client
cannot take an id that the system will need.
"""

import secrets
from hashlib import blake2b
from itertools import count
from uuid import UUID, SafeUUID

from riviere.errors import RiviereError

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford base 32: no i, l, o, u to misread
_LENGTH = 13  # 63 bits in base 32

LONGEST_KEY = 255


#: Kept by itself: to look it up in its enumeration takes as long as the rest of making a UUID.
_UNKNOWN = SafeUUID.unknown

_REQUESTS = count(secrets.randbits(62))


class BadId(RiviereError):
    """An id of this kind is {prefix}_ and 13 characters, not {got}; copy it as it was shown."""

    code = "bad_id"


class BadKey(RiviereError):
    """An idempotency key is 1 to 255 printable characters, not {got}."""

    code = "bad_key"


def random_id() -> int:
    """A new 63-bit id. Two of a billion collide with odds of 5 in 100; the primary key then says so."""
    return secrets.randbits(63)


def new_key() -> str:
    """An idempotency key that nobody has used: `k_` and 26 characters, 126 bits."""
    return shown("k", random_id()) + shown("", random_id())[1:]


def request_id() -> str:
    """What names a request in the log: `r_` and 13 characters, counted on from a number drawn when the process began.

    Nobody may guess anything from it that the log keeps from them; drawing for each would take longer than checking
    who asks.
    """
    return shown("r", next(_REQUESTS))


def salt(size: int) -> bytes:
    """Random bytes that make a hash say nothing about what was hashed."""
    return secrets.token_bytes(size)


def shown(prefix: str, number: int) -> str:
    """`number` as people copy it: `u_` and 13 characters."""
    digits = [_ALPHABET[number >> 5 * place & 31] for place in reversed(range(_LENGTH))]
    return f"{prefix}_{''.join(digits)}"


def read(prefix: str, text: str) -> int:
    """The number that `shown` wrote. Raises BadId for what it does not write: capitals, another prefix."""
    head, _, digits = text.partition("_")
    if head == prefix and len(digits) == _LENGTH and all(digit in _ALPHABET for digit in digits):
        number = 0
        for digit in digits:
            number = number << 5 | _ALPHABET.index(digit)
        if number < 1 << 63:
            return number
    raise BadId(prefix=prefix, got=repr(text)[:60])


def client_key(key: str) -> str:
    """`key`, if it may be a client's idempotency key. Raises BadKey."""
    if not isinstance(key, str) or not 0 < len(key) <= LONGEST_KEY or not key.isprintable():
        raise BadKey(got=repr(key)[:60])
    return key


def client_id(key: str) -> UUID:
    """The entry id of a client's idempotency key, which belongs to the acting user. Raises BadKey."""
    return _digest(b"client", client_key(key).encode())


def system_id(*what: object) -> UUID:
    """The entry id of something the system does once to a thing: ("reverse", gift), ("expire", grant, leg)."""
    return _digest(b"system", "\x1f".join(str(part) for part in what).encode())


def request_digest(*parts: object) -> UUID:
    """What was asked (texts, whole numbers, None), as 128 bits: the same key with other parts is another request."""
    return _digest(b"request", repr(parts).encode())


def _digest(person: bytes, data: bytes) -> UUID:
    # Made as UUID itself would be, without its questions about what it was given: they take longer than the hash.
    made = UUID.__new__(UUID)
    number = int.from_bytes(blake2b(data, digest_size=16, person=person).digest(), "big")
    object.__setattr__(made, "int", number)
    object.__setattr__(made, "is_safe", _UNKNOWN)
    return made
