"""The window's inside while a project is open: banner, lamps, phases, page, Back and Next. Pages are made on demand."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QSettings, Qt, QTimer, Signal
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QFrame, QWidget

from app.workflow.cases import MAINTENANCE
from ui import journey
from ui.case_bar import CaseBar
from ui.journey import Journey, Place
from ui.lamps import Lamps
from ui.look import theme
from ui.look.cards import Text, button, column, keys_words, retitle, row
from ui.notices import Banner, NoticeBar
from ui.open_project import OpenProject
from ui.sidebar import Sidebar
from ui.step_page import StepPage


class ProjectView(QWidget):
    """Everything between the title and the status bar."""

    home_wanted = Signal()
    help_wanted = Signal()

    def __init__(self, project: OpenProject, settings: QSettings | None = None) -> None:
        super().__init__()
        self.project = project
        self._settings = settings
        steps = [step.id for step in project.workspace.workflow.steps()]
        self.journey = Journey(steps, self._remembered())
        self._resume_case()
        self.page: QWidget = QWidget()
        self._lay_out()
        project.said.connect(self.notices.say)
        QShortcut(QKeySequence("Ctrl+L"), self, self.sidebar.tree.setFocus)
        self._show()

    def go(self, place: Place) -> None:
        """Moves to another page once this one has saved."""
        if place == self.journey.here:
            return
        if self._may_leave() and self.journey.go(place):
            self._show()
        else:
            self.sidebar.show_place(self.journey.here)

    def go_back(self) -> None:
        if self._may_leave() and self.journey.back():
            self._show()

    def go_next(self) -> None:
        if self._may_leave() and self.journey.next():
            self._show()

    def leave(self) -> bool:
        """Saves what is not saved yet."""
        return self._may_leave()

    def choose_case(self, scope: str) -> bool:
        """Shows the project as the service case ``scope`` has it ("": none); False when this page cannot be left."""
        if not self._may_leave():
            return False
        self.project.show_scope(scope)
        self._show()
        return True

    def _lay_out(self) -> None:
        project = self.project
        self.sidebar = Sidebar(project)
        self.sidebar.wanted.connect(self.go)
        self.sidebar.home_wanted.connect(self.home_wanted)
        self.sidebar.help_wanted.connect(self.help_wanted)
        self.lamps = Lamps(project)
        self.notices = NoticeBar()
        self.cases = CaseBar(project, self.choose_case)
        self._holder = column(spacing=0)
        middle = column(self.notices, self.cases, self._holder, self._foot(), spacing=0)
        middle.setStretch(2, 1)
        body = row(self.sidebar, middle, spacing=0)
        body.setStretch(1, 1)
        if project.rehearsal:
            from ui.fault_panel import FaultPanel

            self.faults = FaultPanel(project)
            body.addWidget(self.faults)
        outer = column(*self._banners(), self._top(), body, spacing=0)
        outer.setStretch(outer.count() - 1, 1)
        self.setLayout(outer)

    def _banners(self) -> list[QWidget]:
        workspace, found = self.project.workspace, list[QWidget]()
        if workspace.rehearsal:
            text = "演练　这里的一切都来自仿真现场，不能作为真实实施的证据。"
            banner = Banner(text, "warned")
            if self.project.rehearsal:
                banner.add(button("故障面板", self._toggle_faults, "quiet", "F9", "打开或关闭故障面板", show_keys=True))
            found.append(banner)
        if workspace.read_only:
            way = "；关闭另一处后重新打开即可修改" if "正在使用" in workspace.holder else ""
            found.append(Banner(f"只读　{workspace.holder}。这里只能查看，不能检查和填写{way}。", "unknown"))
        return found

    def _top(self) -> QFrame:
        bar = QFrame()
        bar.setObjectName("bar")
        site = self.project.workspace.site
        name = Text(site.name, points=12, bold=True, wrap=False)
        mode = {"centralised": "集中部署", "distributed": "分布部署"}.get(site.mode, site.mode)
        under = Text(f"{site.node} · {mode}", "muted", 9, wrap=False)
        title = column(name, under, spacing=0)
        for label in (name, under):
            label.setMinimumWidth(120)
            label.setToolTip(f"{site.name}\n{self.project.workspace.folder}")
        parts = row(title, self.lamps, spacing=2 * theme.GRID)
        parts.setStretch(0, 1)
        parts.setContentsMargins(2 * theme.GRID, theme.GRID, 2 * theme.GRID, theme.GRID)
        bar.setLayout(parts)
        return bar

    def _foot(self) -> QFrame:
        foot = QFrame()
        foot.setObjectName("foot")
        self.back_button = button("上一步", self.go_back, "", "Alt+Left", show_keys=True)
        self.next_button = button("下一步", self.go_next, "primary", "Alt+Right", show_keys=True)
        self.position = Text("", "muted", 9.5, wrap=False)
        parts = row(self.back_button, None, self.position, None, self.next_button)
        parts.setContentsMargins(3 * theme.GRID, theme.GRID, 3 * theme.GRID, theme.GRID)
        foot.setLayout(parts)
        return foot

    def _may_leave(self) -> bool:
        leave: Callable[[], bool] | None = getattr(self.page, "leave", None)
        if leave is None or leave():
            return True
        self.notices.say("有内容没有保存（见标红处）。改正后再离开本页；文字都还在。", True)
        return False

    def _show(self) -> None:
        place = self.journey.here
        old, self.page = self.page, make_page(self.project, place, self.go)
        old.hide()
        self._holder.removeWidget(old)
        old.setParent(None)
        old.deleteLater()
        self._holder.addWidget(self.page)
        in_maintenance = place.step and self.project.workspace.workflow.phase_of(place.step).id == MAINTENANCE
        self.cases.setVisible(bool(self.project.scope or in_maintenance))
        self.cases.refresh()
        self.sidebar.show_place(place)
        self.back_button.setEnabled(self.journey.can_go_back)
        self.next_button.setEnabled(self.journey.can_go_next)
        number, total = self.journey.position()
        words = "下一步" if number else "回到步骤"
        retitle(self.next_button, f"{words}  {keys_words('Alt+Right')}")
        self.position.say(f"第 {number} 步，共 {total} 步" if number else "")
        self._remember(place)
        QTimer.singleShot(0, self.page.setFocus)

    def _toggle_faults(self) -> None:
        self.faults.setVisible(not self.faults.isVisible())
        if self.faults.isVisible():
            self.faults.search.setFocus()

    def _key(self, kept: str = "place") -> str:
        return f"{kept}/{self.project.workspace.project.id}"

    def _remembered(self) -> Place | None:
        text = self._settings.value(self._key(), "") if self._settings else ""
        return journey.from_text(str(text))

    def _resume_case(self) -> None:
        from app.actions.cases import cases

        scope = str(self._settings.value(self._key("case"), "")) if self._settings else ""
        if any(case.scope == scope for case in cases(self.project.workspace)):
            self.project.show_scope(scope)

    def _remember(self, place: Place) -> None:
        if self._settings:
            self._settings.setValue(self._key(), journey.to_text(place))
            self._settings.setValue(self._key("case"), self.project.scope)


def make_page(project: OpenProject, place: Place, go: Callable[[Place], None]) -> QWidget:
    """The page of a place; its module is imported now, not at the program's start."""
    if place.page == journey.STEP:
        page: QWidget = StepPage(project, place.step)
    elif place.page == journey.BLOCKERS:
        from ui.pages.blockers import BlockersPage

        page = BlockersPage(project, go)
    elif place.page == journey.APPROVAL:
        from ui.pages.approval import ApprovalPage

        page = ApprovalPage(project)
    elif place.page == journey.CHANGES:
        from ui.pages.changes import ChangesPage

        page = ChangesPage(project)
    elif place.page == journey.CERTIFICATES:
        from ui.pages.certificates import CertificatesPage

        page = CertificatesPage(project)
    elif place.page == journey.FORMS:
        from ui.pages.forms import FormsPage

        page = FormsPage(project)
    elif place.page == journey.PACKAGE:
        from ui.pages.package import PackagePage

        page = PackagePage(project, go)
    else:
        from ui.pages.journal import JournalPage

        page = JournalPage(project)
    page.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
    return page
