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


OFFERS = {
    "kex": "kex_algo_list",
    "keys": "server_key_algo_list",
    "ciphers": "server_encrypt_algo_list",
    "macs": "server_mac_algo_list",
}
KIND_WORDS = {"kex": "密钥交换", "keys": "主机密钥", "ciphers": "加密", "macs": "完整性"}
SHOWN = 6  # algorithms of each kind that a message names
LEGACY_ADVICE = "请客户升级该主机的 SSH 服务；经客户同意，也可在现场配置文件里给它写 legacy_algorithms = true，再检查。"
UPGRADE_ADVICE = "本程序没有这些算法，请客户升级该主机的 SSH 服务，或在该主机上人工核对。"


def not_shared(transport: Any, offered: dict[str, list[str]]) -> tuple[str, str]:
    """What the server offers of the kinds of which we share nothing, and what can be done; ``transport``: paramiko's,
    ``offered``: as it parsed the server's KEXINIT.
    """
    ours = {kind: set(getattr(transport, f"preferred_{kind}")) for kind in OFFERS}
    theirs = {kind: [str(name)[:64] for name in offered.get(field, [])] for kind, field in OFFERS.items()}
    lacking = {kind: names for kind, names in theirs.items() if names and not ours[kind] & set(names)}
    told = "；".join(f"{KIND_WORDS[kind]} {'、'.join(names[:SHOWN])}" for kind, names in lacking.items())
    helped = bool(lacking) and all(set(LEGACY[kind]) & set(names) for kind, names in lacking.items())
    reason = f"与该主机没有共同的现行 SSH 算法；该主机只提供：{told or '（没有读到）'}"
    return reason, LEGACY_ADVICE if helped and transport.disabled_algorithms else UPGRADE_ADVICE
