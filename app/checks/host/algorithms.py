"""Which SSH algorithms are offered. Old ones only where the profile asks, and then they are a finding."""

from __future__ import annotations

from typing import Any

# SHA-1, MD5 and CBC: what OpenSSH 8.8 no longer offers, or is known to leak.
LEGACY: dict[str, list[str]] = {
    "kex": ["diffie-hellman-group-exchange-sha1", "diffie-hellman-group14-sha1", "diffie-hellman-group1-sha1"],
    "keys": ["ssh-rsa"],
    "ciphers": ["aes128-cbc", "aes192-cbc", "aes256-cbc", "3des-cbc"],
    "macs": ["hmac-sha1", "hmac-md5", "hmac-sha1-96", "hmac-md5-96"],
}
# A server has a key of each kind; the one that was recorded need not be the one it prefers today.
KEY_KINDS = (
    ("ssh-ed25519",),
    ("ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521"),
    ("rsa-sha2-512", "rsa-sha2-256"),
    ("ssh-rsa",),
)


def disabled(legacy: bool) -> dict[str, list[str]]:
    """For paramiko's ``disabled_algorithms``; GSSAPI and agents are not used anyway."""
    return {} if legacy else LEGACY


def key_kinds(legacy: bool) -> tuple[tuple[str, ...], ...]:
    return tuple(kind for kind in KEY_KINDS if legacy or not set(kind) & set(LEGACY["keys"]))


def agreed_legacy(transport: Any, kex: str) -> tuple[str, ...]:
    """The old algorithms among those that were agreed on; ``transport``: paramiko's."""
    agreed = {
        "kex": [kex],
        "keys": [str(transport.host_key_type)],
        "ciphers": [transport.local_cipher, transport.remote_cipher],
        "macs": [transport.local_mac, transport.remote_mac],
    }
    return tuple(dict.fromkeys(name for kind, names in agreed.items() for name in names if name in LEGACY[kind]))
