"""The files that a site profile names: where they lie, what is in them, and which of them may be handed on.

Private keys in any dress (PKCS#12, PKCS#8, JKS, PEM keys) and token drivers stay where they are.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from app.base.errors import InputError
from app.base.files import read_bounded
from app.base.toml_table import REQUIRED, Table
from app.site import formats
from app.site.model import Site

LIMIT = 16 << 20
PUBLIC = (".cer", ".crt", ".pem", ".der", ".p7b", ".p7c", ".crl")
JAVA_STORES = (b"\xfe\xed\xfe\xed", b"\xce\xce\xce\xce")  # JKS and JCEKS, by their first bytes
FILE, TLS, TOKEN = "file:", "tls://", "token:"
SEQUENCE, INTEGER, OBJECT_IDENTIFIER = 0x30, 0x02, 0x06  # ITU-T X.690, 8.1.2


def absolute(text: str, folder: Path) -> Path:
    """The path that ``text`` means in a profile lying in ``folder``; ``..`` is taken out without asking the disk."""
    return Path(os.path.abspath(folder / text))  # noqa: PTH100 - Path.absolute keeps "..", resolve follows links


def path(table: Table, key: str, folder: Path) -> Path | None:
    """The file that ``key`` names, absolute; None when it names none."""
    value = formats.text(table, key)
    return absolute(value, folder) if value.strip() else None


def paths(table: Table, key: str, folder: Path) -> tuple[Path, ...]:
    """The files that ``key`` lists, absolute."""
    return tuple(absolute(value, folder) for value in formats.texts(table, key))


def source(table: Table, folder: Path) -> str:
    """A certificate's source with its path made absolute. Raises InputError unless it is tls, file or token."""
    value = formats.text(table, "source", REQUIRED)
    if value.startswith(TLS):
        return formats.url(table, "source", ("tls",))
    scheme = next((scheme for scheme in (FILE, TOKEN) if value.startswith(scheme)), "")
    named = value.removeprefix(scheme).strip()
    if not scheme or not named:
        wanted = "应写成 tls://主机:端口、file:证书文件 或 token:驱动文件"
        raise table.error("source", f"{formats.called(table, 'source')} {wanted}，不能是“{value}”。")
    return f"{scheme}{named}" if scheme == TOKEN and is_bare(named) else f"{scheme}{absolute(named, folder)}"


def is_bare(module: str) -> bool:
    """A driver named without a folder is the system's to find."""
    return "/" not in module and "\\" not in module


def contents(
    folder: Path,
    source: str,
    trust: tuple[Path, ...],
    chain: tuple[Path, ...],
    crl: tuple[Path, ...] | str,
    pair: Path | None,
) -> tuple[str, ...]:
    """One line for each thing a certificate entry names: the SHA-256 of a file, no path of it; see ``Certificate``."""
    revoked = [f"crl={crl}"] if isinstance(crl, str) else [f"crl={fingerprint(one)}" for one in crl]
    return (
        f"source={_source_content(source, folder)}",
        *(f"trust={fingerprint(one)}" for one in trust),
        *(f"chain={fingerprint(one)}" for one in chain),
        *revoked,
        *([f"pair={fingerprint(pair)}"] if pair else []),
    )


def _source_content(source: str, folder: Path) -> str:
    if source.startswith(FILE):
        return f"{FILE}{fingerprint(Path(source.removeprefix(FILE)))}"
    module = Path(source.removeprefix(TOKEN))
    if source.startswith(TOKEN) and module.is_relative_to(folder):
        return f"{TOKEN}{module.relative_to(folder).as_posix()}"
    return source


def fingerprint(file: Path) -> str:
    """The SHA-256 of what is in ``file``, in hex; "" while it is missing or cannot be read."""
    content = read(file)
    return "" if content is None else hashlib.sha256(content).hexdigest()


def read(file: Path) -> bytes | None:
    """The bytes of ``file``; None when it is missing, no file, too large or unreadable."""
    try:
        return read_bounded(file, LIMIT, "证书文件") if file.is_file() else None
    except (InputError, OSError):
        return None


def is_public(file: Path, content: bytes) -> bool:
    """Whether ``file`` may be copied and packaged: a certificate's or CRL's ending, and no private key inside."""
    if file.suffix.lower() not in PUBLIC or content.startswith(JAVA_STORES) or b"PRIVATE KEY" in content:
        return False
    return not _holds_key(content)


def _holds_key(content: bytes) -> bool:
    """Whether DER ``content`` is a key or PKCS#12 store: these begin with a version, certificates and CRLs do not.

    RFC 7292, 4; RFC 5208, 5 and 6 (an encrypted key begins with its algorithm); RFC 8017, A.1.2; RFC 5915, 3.
    """
    first = _inside(content, 0)
    if first is None or first >= len(content):
        return False
    if content[first] == INTEGER:
        return True
    second = _inside(content, first)
    return second is not None and content[second : second + 1] == bytes([OBJECT_IDENTIFIER])


def _inside(content: bytes, at: int) -> int | None:
    """Where the content of the SEQUENCE at ``at`` begins; None when there is none."""
    if content[at : at + 1] != bytes([SEQUENCE]) or at + 1 >= len(content):
        return None
    length = content[at + 1]
    return at + 2 + (length & 0x7F if length & 0x80 else 0)


def named(site: Site) -> tuple[Path, ...]:
    """Every file that the profile names, each once, private ones too."""
    found = list(site.trust)
    for target in site.targets:
        for key in ("source", "trust", "chain", "crl", "pair"):
            found += _paths_of(getattr(target, key, None))
    return tuple(dict.fromkeys(found))


def _paths_of(value: object) -> list[Path]:
    if isinstance(value, Path):
        return [value]
    if isinstance(value, tuple):
        return [item for item in value if isinstance(item, Path)]
    if isinstance(value, str) and value.startswith(FILE):
        return [Path(value.removeprefix(FILE))]
    return []
