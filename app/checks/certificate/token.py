"""Certificates on a PKCS#11 token: the driver loaded in a process of its own, the one meant chosen. No PIN is tried."""

from __future__ import annotations

import base64
import binascii
import contextlib
import json
import os
import struct
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.checks.certificate import der
from app.checks.certificate.containers import DAMAGED, Content
from app.checks.certificate.facts import Material
from app.checks.certificate.private_keys import HeldKey, Match
from app.checks.certificate.source import Ambiguous, ends_of, meant
from app.checks.certificate.x509 import X509, NotCertificate, Unsupported, certificate
from app.checks.model import Failed, Undetermined

CHILD = "--token-child"  # what the frozen program is called with to become the driver's process
SECONDS = 15.0  # for the driver; a card reader with a slow card takes some
LARGEST = 8 << 20  # bytes of the answer
NO_WINDOW = getattr(subprocess, "CREATE_NO_WINDOW", 0)
EXPECTED = "令牌驱动能加载，令牌在位，证书可读"
BITS = struct.calcsize("P") * 8
PE_BITS = {0x014C: 32, 0x01C4: 32, 0x8664: 64, 0xAA64: 64}  # Microsoft PE format, machine types
EXPORT = "请把证书从令牌导出成 cer 文件再检查。"
CONTACT = "请重新插入令牌、重装驱动后再检查；仍不行时把证书导出成 cer 文件检查。"


@dataclass(frozen=True)
class Found:
    """One certificate on a token, and the public keys there that bear its id."""

    certificate: X509
    token: str
    label: str
    mark: bytes
    keys: tuple[Mapping[str, bytes], ...]


class Driver:
    """The child that holds the driver; ``abort`` may come from any thread."""

    def __init__(self) -> None:
        self._child: subprocess.Popen[bytes] | None = None
        self._aborted = False
        self._lock = threading.Lock()

    def abort(self) -> None:
        with self._lock:
            self._aborted = True
            if self._child:
                self._child.kill()

    def ask(self, module: str, seconds: float = SECONDS) -> Mapping[str, Any]:
        """What the child tells of the driver's tokens. Raises Undetermined."""
        with self._lock:
            if self._aborted:
                raise Undetermined("读取令牌被中止")
            child = self._child = _start(module)
        try:
            answer, _ = child.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            child.kill()
            with contextlib.suppress(subprocess.TimeoutExpired):
                child.communicate(timeout=2)
            raise Undetermined(f"令牌驱动 {seconds:.0f} 秒内没有回应，已中止", CONTACT) from None
        return _answer(answer, child.returncode)


def _start(module: str) -> subprocess.Popen[bytes]:
    frozen = getattr(sys, "frozen", False)
    program = [sys.executable, CHILD] if frozen else [sys.executable, "-m", "app.checks.certificate.token_child"]
    root = str(Path(__file__).parents[3])
    paths = os.pathsep.join([root, *filter(None, [os.environ.get("PYTHONPATH")])])
    try:
        return subprocess.Popen(
            [*program, module], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            env={**os.environ, "PYTHONPATH": paths, "PYTHONUTF8": "1"}, creationflags=NO_WINDOW,
        )  # fmt: skip
    except (OSError, ValueError) as error:
        raise Undetermined(f"读取令牌的子进程起不来（{error}）", EXPORT) from None


def _answer(answer: bytes, status: int) -> Mapping[str, Any]:
    try:
        found = json.loads(answer[: LARGEST + 1])
    except ValueError:
        found = None
    if isinstance(found, dict):
        return found
    how = f"信号 {-status}" if status < 0 else f"退出码 {status}"
    raise Undetermined(f"令牌驱动崩溃了（{how}），没有读到证书", CONTACT)


def material_of(module: str, role: str, driver: Driver, note: Callable[[str], None]) -> Material:
    """The certificate on the token that is meant, with what else is there. Raises Failed, Undetermined."""
    require_loadable(module)
    note(f"加载 PKCS#11 驱动 {module}（子进程；只列出令牌与证书，不登录，不试 PIN）")
    told = driver.ask(module)
    note(f"← {der.printable(json.dumps({**told, 'tokens': _labels(told)}, ensure_ascii=False))}")
    _require_tokens(told, module)
    found = _found(told)
    if not found:
        reason = f"令牌 {'、'.join(_labels(told))} 里没有不登录即可读的证书"
        raise Undetermined(reason, f"证书可能要登录后才能看到，本程序不试 PIN。{EXPORT}")
    return _material(found, role)


def require_loadable(module: str) -> None:
    """Raises Failed for a file that is not there or is no library, Undetermined for one that only others can load."""
    path = Path(module)
    if "/" not in module and "\\" not in module:
        return
    try:
        with path.open("rb") as file:
            head = file.read(4096)
    except OSError as error:
        reason = "文件不存在" if isinstance(error, FileNotFoundError) else error.strerror or str(error)
        raise Failed(f"令牌驱动 {module} 无法读取：{reason}", "请安装令牌的驱动，核对路径。", EXPECTED) from None
    system, bits = library_kind(head)
    ours = {"win32": "Windows", "darwin": "macOS"}.get(sys.platform, "Linux")
    if not system:
        raise Failed(f"{module} 不是驱动程序库", "请核对路径：应为令牌厂商的 PKCS#11 驱动。", EXPECTED)
    if system != ours:
        raise Undetermined(f"{path.name} 是 {system} 的驱动，本机是 {ours}，不能加载", EXPORT)
    if bits and bits != BITS:
        reason = f"{path.name} 是 {bits} 位驱动，本程序是 {BITS} 位，不能加载"
        raise Undetermined(reason, f"请改用厂商的 {BITS} 位驱动；没有时，{EXPORT}")


def library_kind(head: bytes) -> tuple[str, int]:
    """The system a library is for, "" for what is none, and its word size, 0 where it is silent (ELF, PE, Mach-O)."""
    if head[:4] == b"\x7fELF":
        return "Linux", {1: 32, 2: 64}.get(head[4] if len(head) > 4 else 0, 0)
    if head[:2] == b"MZ":
        at = int.from_bytes(head[0x3C:0x40], "little")
        signed = head[at : at + 4] == b"PE\0\0"
        return "Windows", PE_BITS.get(int.from_bytes(head[at + 4 : at + 6], "little"), 0) if signed else 0
    if head[:4] in (b"\xcf\xfa\xed\xfe", b"\xce\xfa\xed\xfe", b"\xca\xfe\xba\xbe"):
        return "macOS", {0xCF: 64, 0xCE: 32}.get(head[0], 0)
    return "", 0


def _labels(told: Mapping[str, Any]) -> list[str]:
    tokens = told.get("tokens") or []
    return [der.printable(str(one.get("label") or one.get("serial") or "（无名）")) for one in tokens]


def _require_tokens(told: Mapping[str, Any], module: str) -> None:
    detail = der.printable(str(told.get("detail") or told.get("trouble", "")))
    if told.get("stage") == "load":
        if "ELFCLASS" in detail or "193" in detail:
            raise Undetermined(f"令牌驱动与本程序的字长不同，不能加载（{detail}）", EXPORT)
        raise Failed(f"令牌驱动加载不了（{detail}）", "请安装（或重装）令牌的驱动，核对路径。", EXPECTED)
    if "stage" in told:
        raise Undetermined(f"令牌驱动 {Path(module).name} 答复出错（{detail}）", CONTACT)
    tokens = told.get("tokens") or []
    if not tokens:
        raise Failed("驱动已加载，但没有插入令牌", "请插入令牌，确认驱动与令牌型号相符，再检查。", EXPECTED)
    troubled = [str(one.get("trouble")) for one in tokens if one.get("trouble")]
    if troubled and not any(one.get("certificates") for one in tokens):
        raise Undetermined(f"令牌在位，但读不出内容（{'、'.join(troubled)}）", CONTACT)


def _found(told: Mapping[str, Any]) -> list[Found]:
    """Every certificate that can be read; one that cannot is left out only if it is no X.509 at all."""
    found = []
    for token in told["tokens"]:
        name = der.printable(str(token.get("label") or token.get("serial") or "（无名）"))
        keys = [{key: _bytes(value) for key, value in one.items()} for one in token.get("keys", ())]
        for one in token.get("certificates", ()):
            mark = _bytes(one.get("id"))
            try:
                held = certificate(_bytes(one.get("value")))
            except NotCertificate:
                continue
            except Unsupported as error:
                raise Undetermined(f"令牌 {name} 里的证书不能读全：{error}", DAMAGED) from None
            own = tuple(key for key in keys if mark and key["id"] == mark)
            found.append(Found(held, name, der.printable(str(one.get("label", ""))), mark, own))
    return found


def _bytes(text: Any) -> bytes:
    try:
        return base64.b64decode(str(text or ""), validate=True)
    except binascii.Error:
        return b""


def _material(found: Sequence[Found], role: str) -> Material:
    """Certificates whose keys are on the token come first; of several tokens none is chosen."""
    keyed = [one for one in found if one.keys] if role != "ca" else []
    certificates = tuple(dict.fromkeys(one.certificate for one in found))
    ends = tuple(dict.fromkeys(one.certificate for one in keyed)) or tuple(ends_of(certificates, role))
    tokens = {one.token for one in found if one.certificate in ends}
    if len(tokens) > 1 and len(ends) > 1:
        reason = f"插着 {len(tokens)} 个有证书的令牌（{'、'.join(sorted(tokens))}），不能确定查哪一个"
        raise Ambiguous(reason, "请只留下要查的令牌，再检查。", ends)
    leaf, partner = meant(Content(certificates, "", heads=ends), role, f"令牌 {'、'.join(sorted(tokens))}")
    sent = tuple(one for one in certificates if one != leaf)
    own = next(one for one in found if one.certificate == leaf)
    keys = tuple(_held(key, leaf) for key in own.keys)
    return Material(leaf, sent, f"PKCS#11 令牌 {own.token}", partner=partner, keys=keys)


def _held(key: Mapping[str, bytes], leaf: X509) -> HeldKey:
    """The public key object beside a private one, held against the certificate's (PKCS#11, 4.6: same CKA_ID)."""
    where = "令牌上同一标识的公钥对象（不登录，私钥本身看不到）"
    try:
        bits = der.element(leaf.key_info, der.SEQUENCE).children()[1].content[1:]
        if key["modulus"]:
            numbers = der.element(bits, der.SEQUENCE).children()
            same = [one.content.lstrip(b"\0") for one in numbers] == [
                key["modulus"].lstrip(b"\0"),
                key["exponent"].lstrip(b"\0"),
            ]
        elif key["point"]:
            same = bits in (key["point"], _unwrapped(key["point"]))
        else:
            return HeldKey(where, Match.UNKNOWN, "公钥对象里没有可比较的数值")
    except (der.NotDer, IndexError):
        return HeldKey(where, Match.UNKNOWN, "公钥的写法无法识别")
    return HeldKey(where, Match.YES if same else Match.NO)


def _unwrapped(point: bytes) -> bytes:
    """CKA_EC_POINT is an OCTET STRING around the point, on some tokens the bare point (PKCS#11 2.40, 2.3.3)."""
    try:
        return der.element(point, der.OCTETS).content
    except der.NotDer:
        return b""
