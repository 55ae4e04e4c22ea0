"""The shipped workflow answers every demand of the reference, and whatever it names is there."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterator
from fnmatch import fnmatchcase

import pytest

from app.actions.submission import ITEMS
from app.base import resources
from app.workflow.load import load
from app.workflow.model import FieldType, Rule, Step, Workflow

# What 现场实施工作流程 demands, by sentences and their parts, and the clause of workflow.toml that holds it.
DEMANDS = (
    ("1.1", "结合各省级节点具体情况（数据量、业务访问量、软硬件情况等）"),
    ("1.1", "为各省级节点提供省本级和省内系统的合理部署建议"),
    ("1.1", "应用系统部署模式（集中部署、分布部署）"),
    ("1.1", "网络连接拓扑方案"),
    ("1.1", "数据存储和数据库空间规划方案"),
    ("1.1", "系统配置建议、系统参数设置等"),
    ("1.2", "地方实施责任单位组织省本级相关部门和人员召开实施启动会"),
    ("1.2", "讨论并确定本省实施方案，确定实施工作计划，确定实施所需的服务器和客户机"),
    ("1.3", "参加启动会的人员应包括就业部门、信息化部门及相关单位人员"),
    ("1.3", "会议应明确本地项目协调人，负责协调本地相关人员配合实施工作"),
    ("2.1", "应用中间件软件、数据库软件、应用服务器设备、数据库服务器设备、客户机设备等"),
    ("2.2", "异地总线环境使用金保2008年开展的“金保工程部分应用软件统一实施工作”中已部署的环境"),
    ("2.3", "有关环境要求参见人社信息函〔2011〕42号"),
    ("2.4", "实施商完成服务器操作系统补丁升级、系统空间扩充、网络配置调整等工作"),
    ("2.5", "地方实施责任单位落实服务器、网络准备等工作"),
    ("3.1.1", "安装Oracle数据库"),
    ("3.1.1", "检查并保证数据库、数据库实例能够正常使用和访问"),
    ("3.1.1", "检查并调整数据库系统资源参数设置（SGA、共享池等）"),
    ("3.1.1", "检查表空间、回滚段分配大小是否满足需求"),
    ("3.1.2", "完成所需数据库用户、表空间的创建"),
    ("3.2.1", "安装Weblogic、JDK等系统软件，根据本地确定的软件部署模式配置Weblogic服务"),
    ("3.2.1", "集成部署模式下，应采用一个Domain多Server的服务部署方式"),
    ("3.2.2", "完成就业监测系统的安装部署"),
    ("3.2.3", "进行就业监测系统的初始化参数设置并完成软件初始化"),
    ("3.2.3", "实现统计库表、系统用库表、统计报表文件等初始化创建"),
    ("3.2.3", "完成行政区划代码等基础代码的初始化设置"),
    ("3.2.3-bus", "完成异地总线和认证软件包（含服务器的设备证书）的配置、安装"),
    ("3.2.4", "在与数据中心联网的省本级最终用户节点，进行就业监测系统的客户端程序安装和初始化"),
    ("3.2.4", "进行就业监测系统人员证书驱动程序安装和IE访问参数设置"),
    ("3.3", "完成就业监测应用软件的用户登录，检验报表统计、数据上传、下发等主要功能可正常使用"),
    ("3.3", "检验和就业交换库的连通情况"),
    ("4.0", "进行本级、部省间系统的联调测试，确保系统的正确部署"),
    ("4.0-data", "提供一定的真实交换数据用于系统联调"),
    ("4.0-data", "做好联调过程的跟踪和记录"),
    ("4.1", "在省级节点完成就业监测系统与异地总线数据传输测试"),
    ("4.1", "就业监测系统与安全认证软件包连通测试"),
    ("4.1", "完成省本级用户远程访问连通测试"),
    ("4.2", "与部端工作人员配合，使用监测软件进行数据上报、下发、接收等数据传输应用"),
    ("5.1", "地方实施责任单位将对软件部署实施工作完成情况进行检查"),
    ("5.1", "填写《就业监测系统实施结果确认表》（附表1），签字盖章后传真到部里进行结果确认"),
    ("6.1", "针对软件安装部署、操作使用、参数配置说明、系统维护（包括建立索引、数据备份等）"),
    ("6.1", "数字证书使用、常见问题解决等提供现场培训"),
    ("6.2", "地方实施责任单位组织相关部门和人员集中参加培训，并提供培训场地"),
    ("7.1", "应按照《就业监测系统实施提交资料单》（附表2）要求向地方实施责任单位移交相关实施文档"),
    ("7.2", "逐条检查、确认实施工作全部完成后，签署《就业监测系统实施工作完工确认报告》"),
    ("8.1", "咨询解答、系统迁移服务、升级服务、定期巡检服务、系统调优、部署调整服务、培训服务"),
    ("8.2", "地方系统维护人员首先进行自我排查和解决，查找用户操作手册、安装维护手册、常见问题解决等有关文档"),
    ("8.3", "无法排查的问题，联系实施维护商进行排查和解决，解决方式包括热线电话、邮件、网站和现场服务"),
    ("8.4", "需参照本工作流程进行现场系统调整，并建立签字及交互机制"),
    ("8.5", "由具体实施人员填写《就业监测系统维护记录卡》（附表3），地方实施责任单位签字盖章后传真至部里"),
    ("8.5", "经省级系统与部级系统联调确认无误后，实施人员方可离开"),
    ("8.6", "还要同时填写《就业监测系统实施备案信息表》（附表4）传真至部里"),
    ("f1.1", "就业监测应用软件安装、部署、调试。"),
    ("f1.2", "金保工程异地业务服务总线升级、调试。"),
    ("f1.3", "系统联调（本级横向联调、部省市纵向联调）。"),
    ("f1.4", "就业监测认证服务支撑软件包安装、调试。"),
    ("f1.5", "就业监测报表平台服务端安装调试。"),
    ("f2.1", "软件安装盘"),
    ("f2.2", "软件技术文档"),
    ("f2.3", "现场工作文档"),
    ("f2.4", "CA证书载体"),
    ("f3", "此表由实施商填写，用户签字盖章确认。"),
    ("f4.1", "部署方式"),
    ("f4.2", "数据库创建情况"),
    ("f4.3", "应用软件部署情况"),
    ("f4.4", "异地总线情况"),
)

STEPS_OF = {
    "plan": "survey proposal kickoff schedule",
    "env": "inventory os ready bus",
    "deploy": "oracle schema weblogic app report interface init bus client debug",
    "joint": "data horizontal.bus horizontal.auth horizontal.remote vertical.report vertical.dispatch log",
    "confirm": "review form fax",
    "training": "install operate configure maintain certificates faq record",
    "handover": "media manuals papers certificates completion package",
    "maintenance": "period case selfcheck remote visit form3 form4 joint",
}
STEPS = [f"{phase}.{name}" for phase, names in STEPS_OF.items() for name in names.split()]

CHECKS = {
    "oracle": "listener login privileges instance database version components sga pga shared_pool limits charset "
    "tablespaces tablespace_usage temp undo redo archive users default_passwords invalid_objects indexes jobs blocking "
    "alerts backup dataguard exchange_tables code_tables clock",
    "weblogic": "port version jdk topology servers health heap threads datasources applications security console "
    "application_url clock",
    "host": "port key login os disk memory swap load java limits network ports processes clock boot_properties",
    "bus": "port tls service round_trip latency authentication",
    "service": "port answer",
    "joint": "report dispatch remote_access",
    "certificate": "source validity lifetime chain name strength usage pair revocation key tls",
    "client": "urls browser driver clock printer fonts",
}
CHECK_IDS = [f"{group}.{name}" for group, names in CHECKS.items() for name in names.split()]
TABLES = {"oracle": "database", "joint": "bus", "joint.remote_access": "weblogic"}

# What the forms read of the fields: step, fields and, for tables, their columns.
READ_BY_FORMS = {
    "confirm.review": "started finished confirm_1 confirm_2 confirm_3 confirm_4 confirm_5 confirm_6 conclusion",
    "plan.proposal": "mode_note topology storage parameters",
    "env.inventory": "database_servers application_servers client_machines",
    "env.bus": "bus_server floating_port note",
    "deploy.schema": "note",
    "deploy.app": "domain_name note",
    "deploy.bus": "note",
    "handover.media": "items",
    "handover.manuals": "items",
    "handover.papers": "items",
    "handover.certificates": "certificates",
    "maintenance.period": "from to",
    "maintenance.case": "kind opened reporter problem",
    "maintenance.visit": "problem cause steps changes outcome engineer engineer_phone big_change",
}
COLUMNS = {
    "env.inventory/database_servers": "name type model address note",
    "env.inventory/application_servers": "name type model address note",
    "handover.media/items": "title form count state receiver",
    "handover.manuals/items": "title form count state receiver",
    "handover.papers/items": "title form count state receiver",
    "handover.certificates/certificates": "title serial holder count receiver",
}


@pytest.fixture(scope="module")
def workflow() -> Workflow:
    return load(resources.shipped("workflow.toml"))


@pytest.fixture(scope="module")
def clauses() -> dict[str, str]:
    with resources.shipped("workflow.toml").open("rb") as file:
        return {clause["id"]: clause["text"] for clause in tomllib.load(file)["clause"]}


def terms(rule: Rule) -> Iterator[str]:
    for term in rule.terms:
        yield from terms(term) if isinstance(term, Rule) else (term,)


@pytest.mark.parametrize(("clause", "sentence"), DEMANDS)
def test_every_demand_of_the_reference_is_met_by_a_step(
    clause: str, sentence: str, workflow: Workflow, clauses: dict[str, str]
) -> None:
    assert sentence in clauses[clause]
    assert [step.id for step in workflow.steps() if clause in step.serves]


def test_every_clause_a_step_serves_is_a_demand_of_the_reference(workflow: Workflow, clauses: dict[str, str]) -> None:
    demanded = {clause for clause, _ in DEMANDS}
    assert demanded == set(clauses)
    assert {clause for step in workflow.steps() for clause in step.serves} == demanded


def test_the_steps_are_those_of_the_product_in_its_order(workflow: Workflow) -> None:
    assert [step.id for step in workflow.steps()] == STEPS


def test_the_chapters_are_numbered_as_the_reference_numbers_them(workflow: Workflow) -> None:
    assert [phase.chapter for phase in workflow.phases] == list("一二三四四五六七")
    assert [phase.number for phase in workflow.phases] == [1, 2, 3, 4, 5, 6, 7, 8]


def test_every_selector_finds_a_check_of_its_kind(workflow: Workflow) -> None:
    for step in workflow.steps():
        for selector in step.checks:
            found = [name for name in CHECK_IDS if fnmatchcase(name, selector.check)]
            tables = {TABLES.get(name, TABLES.get(name.partition(".")[0], name.partition(".")[0])) for name in found}
            assert found and tables == {selector.kind}, (step.id, selector)


@pytest.mark.parametrize("name", CHECK_IDS)
def test_every_check_belongs_to_a_step_of_the_implementation(name: str, workflow: Workflow) -> None:
    steps = [step for phase in workflow.phases if phase.id != "maintenance" for step in phase.steps]
    assert [step.id for step in steps if any(fnmatchcase(name, selector.check) for selector in step.checks)]


@pytest.mark.parametrize("step", STEPS)
def test_guidance_says_in_a_few_sentences_what_to_do(step: str, workflow: Workflow) -> None:
    assert 2 <= workflow.step(step).guidance.count("。") <= 6


def only_clicked(step: Step) -> bool:
    """Whether sign-offs and choices alone would complete the step."""
    choices = {f"field:{field.id}" for field in step.fields if field.type is FieldType.CHOICE}
    return met(step.done, lambda term: term.startswith("signoff:") or term in choices)


def met(rule: Rule, holds: Callable[[str], bool]) -> bool:
    answers = [met(term, holds) if isinstance(term, Rule) else holds(term) for term in rule.terms]
    return all(answers) if rule.mode == "all" else any(answers)


@pytest.mark.parametrize("step", STEPS)
def test_no_step_is_done_by_a_mere_click(step: str, workflow: Workflow) -> None:
    assert not only_clicked(workflow.step(step))


@pytest.mark.parametrize("step", ["deploy.oracle", "deploy.schema", "deploy.weblogic"])
def test_what_checks_prove_needs_nothing_else(step: str, workflow: Workflow) -> None:
    assert workflow.step(step).done == Rule("all", ("checks",))


@pytest.mark.parametrize("step", STEPS)
def test_what_a_step_asks_for_counts(step: str, workflow: Workflow) -> None:
    """Required fields, sign-offs and checks all stand in the rule; what is not there is only a note."""
    named = set(terms(workflow.step(step).done))
    required = {f"field:{field.id}" for field in workflow.step(step).fields if field.required}
    signoffs = {f"signoff:{signoff.id}" for signoff in workflow.step(step).signoffs}
    checks = {"checks"} if workflow.step(step).checks else set()
    assert required | signoffs | checks <= named


@pytest.mark.parametrize("step", READ_BY_FORMS)
def test_the_fields_that_the_forms_read_are_there(step: str, workflow: Workflow) -> None:
    assert set(READ_BY_FORMS[step].split()) <= {field.id for field in workflow.step(step).fields}


@pytest.mark.parametrize("name", COLUMNS)
def test_the_tables_that_the_forms_read_have_their_columns(name: str, workflow: Workflow) -> None:
    step, _, field = name.partition("/")
    (table,) = [found for found in workflow.step(step).fields if found.id == field]
    assert [column.id for column in table.columns] == COLUMNS[name].split()


def test_the_items_of_the_submission_list_stand_beside_their_tables(workflow: Workflow) -> None:
    for step in dict.fromkeys(item.step for item in ITEMS):
        (table,) = [field for field in workflow.step(step).fields if field.id == "items"]
        assert table.hint.split("\n") == [item.title for item in ITEMS if item.step == step]


def test_a_case_can_be_of_every_kind(workflow: Workflow) -> None:
    from app.actions.cases import KINDS

    (kind,) = [field for field in workflow.step("maintenance.case").fields if field.id == "kind"]
    assert kind.choices == KINDS


def test_every_form_that_is_to_come_back_can_be_issued(workflow: Workflow) -> None:
    with resources.shipped("forms.toml").open("rb") as file:
        forms = {form["id"] for form in tomllib.load(file)["form"]}
    wanted = {slot.form for step in workflow.steps() for slot in step.evidence if slot.form}
    assert {"附表1", "附表3", "附表4"} <= wanted <= forms


def test_only_what_the_reference_does_not_know_is_marked_as_ours(workflow: Workflow) -> None:
    assert [step.id for step in workflow.steps() if step.ours] == ["handover.package"]
