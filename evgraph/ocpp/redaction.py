"""Secrets are taken out of frames before they are stored (C10): the keys of charge points, passwords in URLs."""

import re
from collections.abc import Iterator
from typing import Any

from evgraph.ocpp.frames import NotAFrame, encode, parse

REDACTED = "***"

_AUTHORIZATION_KEY = "authorizationkey"
_PASSWORD = "password"  # noqa: S105 - its name
# Of a URL, up to the colon before its password. In a JSON text the slashes may be escaped.
_USER = re.compile(r":(?:\\?/){2}[^\s/:@\"'<>]{0,255}:")
_END_OF_URL = re.compile(r"[\s\"'<>]")
_LONGEST_PASSWORD = 1000
_ESCAPE = re.compile(r"\\u([0-9a-fA-F]{4})")
# Of an entry such as {"key": "AuthorizationKey", "readonly": false, "value": "..."} all else may be the secret.
_PLAIN = frozenset({"key", "readonly"})


def redacted(text: str) -> str:
    """The frame as it may be stored; the same text where it holds no secret. One that holds any is written anew; of one
    that cannot be read nothing is left."""
    # Nearly all frames pass here, and no JSON is read for them again: a password in a URL stands before an @, and what
    # is hidden by an escape has a backslash.
    if "@" not in text and "\\" not in text and not _names_a_secret(text):
        return text
    try:
        elements = parse(text)
        clean = _clean(elements)
        # A secret may also stand where the reader does not look: in the first of two fields of one name.
        return encode(clean) if clean != elements or _may_hold_secret(text) else text
    except (NotAFrame, RecursionError, OverflowError):
        return _of_unreadable(text)


def redacted_bytes(data: bytes) -> str:
    """A binary frame as hex digits; nothing of one that may hold a secret, in whatever encoding."""
    text = data.replace(b"\x00", b"").decode("latin-1")
    return f"{REDACTED} ({len(data)} bytes that may hold a secret)" if _may_hold_secret(text) else data.hex()


def _of_unreadable(text: str) -> str:
    return f"{REDACTED} ({len(text)} characters that may hold a secret)" if _may_hold_secret(text) else text


def _may_hold_secret(text: str) -> bool:
    plain = _ESCAPE.sub(lambda escape: chr(int(escape[1], 16)), text)
    return _names_a_secret(plain) or next(_passwords(plain), None) is not None


def _names_a_secret(text: str) -> bool:
    lowered = text.lower()
    return _AUTHORIZATION_KEY in lowered or _PASSWORD in lowered


def _clean(value: Any) -> Any:
    match value:
        case dict():
            named = any(isinstance(of, str) and _names_a_secret(of) for name, of in value.items() if _is_key(name))
            return {name: _clean_field(name, of, is_secret=named) for name, of in value.items()}
        case list():
            return [_clean(one) for one in value]
        case str():
            return _clean_text(value)
    return value


def _clean_field(name: str, value: Any, *, is_secret: bool) -> Any:
    if value is None or isinstance(value, bool):
        return value
    if _names_a_secret(name) or (is_secret and name.strip().lower() not in _PLAIN):
        return REDACTED
    return _clean(value)


def _clean_text(text: str) -> str:
    if _names_a_secret(text):
        # The name of a key tells nothing; a sentence about it may.
        word = text.strip().lower()
        is_name = word == _AUTHORIZATION_KEY or (_AUTHORIZATION_KEY not in word and word.isalnum())
        return text if is_name else REDACTED
    return _without_passwords(text) if "@" in text else text


def _without_passwords(text: str) -> str:
    parts, kept_from = [], 0
    for begin, end in _passwords(text):
        parts += [text[kept_from:begin], REDACTED]
        kept_from = end
    return "".join([*parts, text[kept_from:]])


def _passwords(text: str) -> Iterator[tuple[int, int]]:
    """Where the passwords of URLs begin and end. Up to the last @: a password may hold one, and slashes. In time that
    grows with the text's length alone: one regular expression for all of it takes seconds for a megabyte of "://"."""
    position, end_of_url = 0, -1
    while (user := _USER.search(text, position)) is not None:
        begin = user.end()
        if end_of_url < begin:
            following = _END_OF_URL.search(text, begin)
            end_of_url = following.start() if following is not None else len(text)
        at = text.rfind("@", begin, min(begin + _LONGEST_PASSWORD + 1, end_of_url))
        if at >= 0:
            yield begin, at
        position = at + 1 if at >= 0 else user.start() + 1


def _is_key(name: str) -> bool:
    return name.strip().lower() == "key"
