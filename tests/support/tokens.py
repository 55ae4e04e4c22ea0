"""Tokens for the tests: SoftHSM2's, filled through its own driver; and drivers in C that misbehave."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
from pathlib import Path

from certificate_making import Issued
from cryptography.hazmat.primitives.asymmetric import ec, rsa

PIN, SO_PIN = "11223344", "55667788"


def driver() -> str:
    """SoftHSM2's module, wherever Debian puts it."""
    places = (Path("/usr/lib/softhsm"), Path("/usr/lib/x86_64-linux-gnu/softhsm"), Path("/usr/lib64/softhsm"))
    return str(next(place / "libsofthsm2.so" for place in places if (place / "libsofthsm2.so").exists()))


def configure(folder: Path) -> Path:
    """SoftHSM2's settings for tokens of their own; the path goes into SOFTHSM2_CONF."""
    (folder / "tokens").mkdir()
    path = folder / "softhsm2.conf"
    path.write_text(f"directories.tokendir = {folder / 'tokens'}\nobjectstore.backend = file\nlog.level = ERROR\n")
    return path


FILL = """
import base64, json, sys
import pkcs11
from pkcs11 import Attribute, CertificateType, KeyType, ObjectClass
told = json.load(sys.stdin)
library = pkcs11.lib(told["driver"])
token = library.get_token(token_label=told["label"])
coded = lambda text: base64.b64decode(text)
with token.open(rw=True, user_pin=told["pin"]) as session:
    for one in told["objects"]:
        if one["value"]:
            session.create_object({
                Attribute.CLASS: ObjectClass.CERTIFICATE, Attribute.CERTIFICATE_TYPE: CertificateType.X_509,
                Attribute.TOKEN: True, Attribute.PRIVATE: one["hidden"], Attribute.LABEL: one["name"],
                Attribute.ID: coded(one["id"]), Attribute.SUBJECT: b"", Attribute.VALUE: coded(one["value"])})
        if one["modulus"]:
            session.create_object({
                Attribute.CLASS: ObjectClass.PUBLIC_KEY, Attribute.KEY_TYPE: KeyType.RSA, Attribute.TOKEN: True,
                Attribute.PRIVATE: False, Attribute.ID: coded(one["id"]), Attribute.MODULUS: coded(one["modulus"]),
                Attribute.PUBLIC_EXPONENT: coded(one["exponent"])})
        if one["point"]:
            session.create_object({
                Attribute.CLASS: ObjectClass.PUBLIC_KEY, Attribute.KEY_TYPE: KeyType.EC, Attribute.TOKEN: True,
                Attribute.PRIVATE: False, Attribute.ID: coded(one["id"]), Attribute.EC_PARAMS: coded(one["curve"]),
                Attribute.EC_POINT: coded(one["point"])})
"""


def fill(conf: Path, label: str, *objects: tuple[Issued, bytes, Issued | None], hidden: bool = False) -> None:
    """A new token with certificates: each with its id, and with the public key object of a second one where given."""
    environment = {**os.environ, "SOFTHSM2_CONF": str(conf)}
    words = ["softhsm2-util", "--init-token", "--free", "--label", label, "--pin", PIN, "--so-pin", SO_PIN]
    subprocess.run(words, check=True, capture_output=True, env=environment)
    told = {"driver": driver(), "label": label, "pin": PIN, "objects": []}
    for one, mark, keyed in objects:
        content = {"value": one.der, "id": mark, **_public(keyed)}
        plain = {key: base64.b64encode(value).decode() for key, value in content.items()}
        told["objects"].append({**plain, "hidden": hidden, "name": "certificate"})  # type: ignore[attr-defined]
    subprocess.run(
        [sys.executable, "-c", FILL], input=json.dumps(told), text=True, check=True, env=environment
    )  # python-pkcs11 keeps a driver for the life of a process


def _public(keyed: Issued | None) -> dict[str, bytes]:
    found = {"modulus": b"", "exponent": b"", "curve": b"", "point": b""}
    key = keyed.key.public_key() if keyed else None
    if isinstance(key, rsa.RSAPublicKey):
        numbers = key.public_numbers()
        found |= {"modulus": numbers.n.to_bytes(256, "big"), "exponent": numbers.e.to_bytes(3, "big")}
    elif isinstance(key, ec.EllipticCurvePublicKey):
        from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

        point = key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        found |= {"curve": bytes.fromhex("06082a8648ce3d030107"), "point": b"\x04\x41" + point}
    return found
