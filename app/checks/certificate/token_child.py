"""The process that loads a token's driver (PKCS#11), so that a driver that crashes or hangs ends nothing but it.

It looks and never logs in: no PIN is asked for, none is sent. What it sees goes to standard output as one JSON object.
"""

from __future__ import annotations

import base64
import json
import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO, Any

MOST_OBJECTS = 200  # of one kind on one token
LARGEST = 1 << 16  # bytes of one attribute


def child_main(argv: Sequence[str]) -> int:
    """Loads the driver that is named and prints what is on its tokens. Returns the exit status."""
    answers = _own_output()
    answers.write(json.dumps(_seen(argv[0])).encode())
    answers.flush()
    os._exit(0)  # a driver's own way out may hang or crash once all is told


def _own_output() -> IO[bytes]:
    """Standard output for the answer only: what a driver prints goes to standard error."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    return answers


def _seen(module: str) -> dict[str, Any]:
    import pkcs11

    _find_companions(module)
    try:
        library = pkcs11.lib(module)
    except (pkcs11.PKCS11Error, RuntimeError, OSError) as error:
        answered = isinstance(error, pkcs11.PKCS11Error) and type(error) is not pkcs11.PKCS11Error
        return {
            "stage": "initialize" if answered else "load",
            "trouble": type(error).__name__,
            "detail": str(error)[:300],
        }
    try:
        slots = library.get_slots(token_present=False)
        return {"driver": _text(library.manufacturer_id), "slots": len(slots), "tokens": list(_tokens(slots))}
    except pkcs11.PKCS11Error as error:
        return {"stage": "slots", "trouble": type(error).__name__, "detail": str(error)[:300]}


def _find_companions(module: str) -> None:
    """Windows looks for a driver's other libraries beside it only when told."""
    folder = Path(module).parent
    if hasattr(os, "add_dll_directory") and folder.is_absolute() and folder.is_dir():
        os.add_dll_directory(str(folder))


def _tokens(slots: Sequence[Any]) -> Iterator[dict[str, Any]]:
    """Each token that is there; one that cannot be read says why. An empty slot says so by one of these errors."""
    import pkcs11

    for slot in slots:
        try:
            token = slot.get_token()
        except (pkcs11.TokenNotPresent, pkcs11.SlotIDInvalid):
            continue
        except pkcs11.PKCS11Error as error:
            yield {"label": "", "serial": "", "trouble": type(error).__name__}
            continue
        if not token.flags & pkcs11.TokenFlag.TOKEN_INITIALIZED:
            continue
        yield {"label": _text(token.label), "serial": _text(token.serial), **_objects(token)}


def _objects(token: Any) -> dict[str, Any]:
    import pkcs11

    try:
        with token.open() as session:
            return {
                "certificates": list(_certificates(session)),
                "keys": [*_keys(session, pkcs11.ObjectClass.PUBLIC_KEY)],
            }
    except pkcs11.PKCS11Error as error:
        return {"trouble": type(error).__name__}


def _certificates(session: Any) -> Iterator[dict[str, str]]:
    from pkcs11 import Attribute, ObjectClass

    for one in _some(session.get_objects({Attribute.CLASS: ObjectClass.CERTIFICATE})):
        value = _attribute(one, Attribute.VALUE)
        yield {
            "value": _coded(value),
            "id": _coded(_attribute(one, Attribute.ID)),
            "label": _text(_attribute(one, Attribute.LABEL)),
        }


def _keys(session: Any, kind: Any) -> Iterator[dict[str, str]]:
    from pkcs11 import Attribute

    for one in _some(session.get_objects({Attribute.CLASS: kind})):
        yield {
            "id": _coded(_attribute(one, Attribute.ID)),
            "modulus": _coded(_attribute(one, Attribute.MODULUS)),
            "exponent": _coded(_attribute(one, Attribute.PUBLIC_EXPONENT)),
            "point": _coded(_attribute(one, Attribute.EC_POINT)),
        }


def _some(objects: Iterator[Any]) -> list[Any]:
    """At most MOST_OBJECTS, and the search ended before attributes are read: some drivers allow no two at once."""
    found = []
    for one in objects:
        found.append(one)
        if len(found) == MOST_OBJECTS:
            break
    return found


def _attribute(one: Any, name: Any) -> Any:
    """The attribute's value; b"" where the token has none, or shows it to nobody who has not logged in."""
    import pkcs11

    try:
        return one[name]
    except (pkcs11.PKCS11Error, KeyError, NotImplementedError, ValueError):
        return b""


def _coded(value: Any) -> str:
    return base64.b64encode(bytes(value)[:LARGEST]).decode() if isinstance(value, bytes | bytearray) else ""


def _text(value: Any) -> str:
    """A label: UTF-8 by the standard, GBK on many national tokens."""
    if isinstance(value, str):
        return value.strip()
    for encoding in ("utf-8", "gb18030"):
        try:
            return bytes(value or b"").decode(encoding).strip("\0 ")
        except UnicodeDecodeError:
            continue
    return bytes(value).hex()


if __name__ == "__main__":
    sys.exit(child_main(sys.argv[1:]))
