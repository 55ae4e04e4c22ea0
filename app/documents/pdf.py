"""A Word document turned into PDF by the office program that is installed; without one nothing is made."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from app.base.cancellation import Cancellation
from app.base.errors import UnavailableError
from app.base.files import write_atomic

NAMES = ("soffice", "libreoffice")
SECONDS = 180.0
WINDOWS_PLACES = ("LibreOffice/program/soffice.exe",)


def require_office() -> Path:
    """The office program. Raises UnavailableError saying what is needed."""
    for name in NAMES:
        if found := shutil.which(name):
            return Path(found)
    for folder in (os.environ.get("PROGRAMFILES"), os.environ.get("PROGRAMFILES(X86)")):
        for place in WINDOWS_PLACES:
            if folder and (Path(folder) / place).exists():
                return Path(folder) / place
    raise UnavailableError("生成 PDF 需要 LibreOffice，本机没有找到。请安装后重试，或只导出 Word 文件。")


def convert(office: Path, document: Path, cancellation: Cancellation) -> Path:
    """The PDF beside ``document``. LibreOffice exits 0 even when it made nothing, so the file itself is looked for.

    Raises UnavailableError when there is none, CancelledError when cancelled meanwhile.
    """
    with tempfile.TemporaryDirectory(prefix="onsite-pdf-") as folder:
        command = [
            str(office),
            f"-env:UserInstallation={Path(folder, 'profile').as_uri()}",
            "--headless",
            "--convert-to",
            "pdf",
            "--outdir",
            folder,
            str(document.absolute()),  # a relative name may begin like an option
        ]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        forget = cancellation.on_cancel(process.kill)
        try:
            process.wait(SECONDS)
        except subprocess.TimeoutExpired as error:
            process.kill()
            raise UnavailableError(f"LibreOffice 在 {SECONDS:.0f} 秒内没有把 {document.name} 转成 PDF。") from error
        finally:
            forget()
        cancellation.check()
        made = Path(folder, document.with_suffix(".pdf").name)
        if not made.is_file() or made.stat().st_size == 0:
            raise UnavailableError(f"LibreOffice 没有生成 {document.name} 的 PDF。请用 Word 或 WPS 打开后另存。")
        place = document.with_suffix(".pdf")
        write_atomic(place, made.read_bytes())
        return place
