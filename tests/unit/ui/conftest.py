"""A real project on loopback for the window's tests: its only target is a page served from this process."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

if TYPE_CHECKING:
    from PySide6.QtWidgets import QApplication
    from pytestqt.qtbot import QtBot

    from app.actions.workspace import Workspace
    from ui.open_project import OpenProject


class Page(BaseHTTPRequestHandler):
    """Answers every GET with a titled page; waits first while ``gate`` is closed."""

    gate = threading.Event()

    def do_GET(self) -> None:
        self.gate.wait(20)
        body = "<html><head><title>就业监测系统登录</title></head><body>登录</body></html>".encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments: object) -> None:
        """Says nothing."""


@pytest.fixture(scope="session")
def qapp_cls() -> type[QApplication]:
    from PySide6.QtWidgets import QApplication

    return QApplication


@pytest.fixture
def page() -> Iterator[str]:
    """The address of a page that answers at once; close ``Page.gate`` to make it wait."""
    Page.gate.set()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Page)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}/jyjc"
    Page.gate.set()
    server.shutdown()
    server.server_close()


@pytest.fixture
def gate(page: str) -> threading.Event:
    """Clear it and the page no longer answers."""
    return Page.gate


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, page: str) -> Iterator[Workspace]:
    """A new project with one client PC whose address is the page."""
    from app.actions.workspace import create

    monkeypatch.setenv("ONSITE_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.null.Keyring")
    profile = tmp_path / "site.toml"
    profile.write_text(
        f'[site]\nname = "试点省节点"\nnode = "510000"\nmode = "centralised"\nunit = "试点省就业局"\n\n'
        f'[[client]]\nid = "pc1"\ntitle = "窗口客户机"\nurls = ["{page}"]\n',
        encoding="utf-8",
    )
    made = create(tmp_path / "project", profile)
    yield made
    made.close()


@pytest.fixture
def project(qtbot: QtBot, workspace: Workspace) -> Iterator[OpenProject]:
    """That project as the window holds it; its work is ended with the test."""
    from ui.application import make_application
    from ui.open_project import OpenProject

    make_application()
    opened = OpenProject(workspace)
    yield opened
    opened.close()
