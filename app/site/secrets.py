"""Where the passwords of targets come from and stay: a variable, this session's memory, the system's keyring.

They are written nowhere else. Only the systems' own encrypted keyrings are used: a null, plaintext or unknown backend
that the environment or keyring's configuration redirects to is refused, and only this session keeps the password.
"""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable, Sequence
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any

from app.base.errors import InputError
from app.base.redaction import forbid

if TYPE_CHECKING:
    from keyring.backend import KeyringBackend

SECONDS = 20.0  # for a person to answer the keyring's prompt; less than a check has, which then says why
WINDOWS_BLOB = 2560  # bytes of UTF-16 that a credential may hold (CRED_MAX_CREDENTIAL_BLOB_SIZE)
SESSION_ONLY = "口令只在本次运行中保留，下次要再输入"
WINDOWS = "keyring.backends.Windows.WinVaultKeyring"
CHAINER = "keyring.backends.chainer.ChainerBackend"
ENCRYPTED = frozenset(
    {
        WINDOWS,
        "keyring.backends.SecretService.Keyring",
        "keyring.backends.libsecret.Keyring",
        "keyring.backends.kwallet.DBusKeyring",
        "keyring.backends.kwallet.DBusKeyringKWallet4",
        "keyring.backends.macOS.Keyring",
    }
)
log = logging.getLogger(__name__)


def variable(target_id: str) -> str:
    """The environment variable that may hold a target's password: ``app-host`` → ``ONSITE_SECRET_APP_HOST``."""
    return f"ONSITE_SECRET_{target_id.upper().replace('-', '_')}"


class Unusable(Exception):
    """The keyring cannot be used now; ``why`` is the beginning of a Chinese sentence."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


class KeyringSecrets:
    """The passwords of one project's targets. Its methods may wait for the keyring: call them off the window's thread.

    ``trouble`` says why the keyring could not be asked the last time; "" when it could.
    """

    def __init__(self, project_id: str, seconds: float = SECONDS) -> None:
        self._project_id, self._seconds = project_id, seconds
        self._session: dict[str, str] = {}
        self._imposed: dict[str, str] = {}
        self._one_at_a_time = threading.Lock()  # several lanes ask at once, and a person answers one prompt
        self._hanging: threading.Thread | None = None
        self.trouble = ""

    def get(self, target_id: str) -> str | None:
        """A target's password; None when there is none, or the keyring is missing, locked or silent (``trouble``)."""
        given = self._imposed.get(target_id) or os.environ.get(variable(target_id))
        found = given or self._session.get(target_id) or self._stored(target_id)
        return _known(found) if found else None

    def set(self, target_id: str, password: str) -> str:
        """Keeps a password in the keyring. Returns "", or a Chinese sentence why only this session keeps it.

        Raises InputError for an empty password.
        """
        self.remember(target_id, password)
        try:
            self._ask(lambda: _store(self._service(target_id), target_id, password))
        except Unusable as reason:
            return f"{reason.why}，{SESSION_ONLY}。"
        return ""

    def remember(self, target_id: str, password: str) -> None:
        """Keeps a password for this session only. Raises InputError for an empty one."""
        if not password:
            raise InputError("口令是空的，请输入后再保存。")
        self._session[target_id] = _known(password)

    def impose(self, target_id: str, password: str) -> None:
        """A password that comes before the variable: an imitation must never be sent what a real site's holds."""
        self._imposed[target_id] = _known(password)

    def _service(self, target_id: str) -> str:
        return f"onsite/{self._project_id}/{target_id}"

    def _stored(self, target_id: str) -> str | None:
        try:
            found: str | None = self._ask(lambda: _read(self._service(target_id), target_id))
            return found
        except Unusable:
            return None

    def _ask(self, question: Callable[[], Any]) -> Any:
        """What the keyring answers within the time. Raises Unusable, at once while an earlier call still hangs."""
        with self._one_at_a_time:
            try:
                answer = self._answered(question)
            except Unusable as reason:
                self.trouble = f"{reason.why}。"
                raise
            self.trouble = ""
            return answer

    def _answered(self, question: Callable[[], Any]) -> Any:
        if self._hanging and self._hanging.is_alive():
            raise Unusable("系统密钥环没有回应（可能在等待解锁）")
        box: SimpleQueue[tuple[Any, Exception | None]] = SimpleQueue()
        asking = threading.Thread(target=_put_answer, args=(question, box), name="keyring", daemon=True)
        asking.start()
        try:
            answer, trouble = box.get(timeout=self._seconds)
        except Empty:
            self._hanging = asking
            raise Unusable(f"系统密钥环 {self._seconds:g} 秒内没有回应（可能在等待解锁）") from None
        if trouble:
            raise trouble if isinstance(trouble, Unusable) else Unusable(_reason(trouble))
        return answer


def _put_answer(question: Callable[[], Any], box: SimpleQueue[tuple[Any, Exception | None]]) -> None:
    try:
        box.put((question(), None))
    except Unusable as reason:
        box.put((None, reason))
    except Exception as error:  # noqa: BLE001 - every backend has errors of its own; none may end a run
        log.warning("keyring: %s", type(error).__name__)
        box.put((None, error))


def _reason(error: Exception) -> str:
    match type(error).__name__:
        case "KeyringLocked" | "PromptDismissedException" | "LockedException":
            return "系统密钥环没有解锁"
        case "NoKeyringError" | "InitError":
            return "这台电脑没有可用的系统密钥环"
        case name:
            return f"系统密钥环不能用（{name}）"


def _read(service: str, user: str) -> str | None:
    return next((found for one in _backends() if (found := one.get_password(service, user))), None)


def _store(service: str, user: str, password: str) -> None:
    backend = _backends()[0]
    if _class_of(backend) == WINDOWS:
        backend.persist = "local machine"  # type: ignore[attr-defined]  # the default roams with the account
        if len(password.encode("utf-16-le")) > WINDOWS_BLOB:
            raise Unusable(f"口令超过 Windows 凭据的 {WINDOWS_BLOB // 2} 个字符")
    backend.set_password(service, user, password)
    if backend.get_password(service, user) != password:
        raise Unusable("系统密钥环没有存下口令")


def _backends() -> Sequence[KeyringBackend]:
    """The encrypted keyrings that may be used, best first. Raises Unusable when there is none."""
    import keyring

    chosen = keyring.get_keyring()
    members: Sequence[KeyringBackend] = list(chosen.backends) if _class_of(chosen) == CHAINER else [chosen]  # type: ignore[attr-defined]
    allowed = [one for one in members if _class_of(one) in ENCRYPTED]
    if allowed:
        return allowed
    if _class_of(chosen) in (CHAINER, "keyring.backends.fail.Keyring"):
        raise Unusable("这台电脑没有可用的系统密钥环")
    raise Unusable(f"系统设置的密钥环（{_class_of(chosen)}）不是加密的系统密钥环，没有使用")


def _class_of(backend: object) -> str:
    return f"{type(backend).__module__}.{type(backend).__qualname__}"


def _known(password: str) -> str:
    """``password``, once it is known that it must never be written."""
    forbid(password)
    return password
