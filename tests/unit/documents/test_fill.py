"""What a filled document must hold, whatever is put into it."""

import io
import zipfile
from pathlib import Path

import pytest
from docx import Document

from app.base.errors import InputError
from app.documents.fill import fill
from app.documents.mark import code_of, letters

FORMS = Path(__file__).parents[3] / "forms"
CODE = code_of("0123456789abcdef" * 4)
COMMON = {"rehearsal": "", "form_name": "附表3", "version": 1, "code": letters(CODE), "annexes": []}
RECORD = {
    **COMMON,
    "user_unit": "示例省就业服务局",
    "user_phone": "028-1",
    "problem": "登录缓慢",
    "cause": "连接池不足",
    "steps": "调整",
    "changes": "无",
    "outcome": "正常",
    "engineer": "",
    "engineer_phone": "",
}


def template(name: str = "附表3") -> bytes:
    return (FORMS / f"{name}.docx").read_bytes()


def text_of(document: bytes) -> str:
    whole = Document(io.BytesIO(document))
    cells = [cell.text for table in whole.tables for row in table.rows for cell in row.cells]
    return "\n".join([paragraph.text for paragraph in whole.paragraphs] + cells)


def with_text(original: bytes, old: str, new: str) -> bytes:
    """The template with one piece of its text replaced, as a person might break it in Word."""
    content = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(original)) as source, zipfile.ZipFile(content, "w") as target:
        for part in source.infolist():
            body = source.read(part)
            target.writestr(
                part, body.replace(old.encode(), new.encode()) if part.filename == "word/document.xml" else body
            )
    return content.getvalue()


def test_markup_in_a_value_stays_text() -> None:
    filled = fill("附表3", template(), {**RECORD, "problem": "A & B <w:p> {{ cause }} {% if %}"}, CODE)
    assert "A & B <w:p> {{ cause }} {% if %}" in text_of(filled)


def test_line_breaks_are_kept() -> None:
    assert "第一行\n第二行" in text_of(fill("附表3", template(), {**RECORD, "problem": "第一行\n第二行"}, CODE))


def test_the_same_values_give_the_same_bytes() -> None:
    assert fill("附表3", template(), RECORD, CODE) == fill("附表3", template(), RECORD, CODE)


def test_another_code_changes_the_picture_only() -> None:
    one, other = (fill("附表3", template(), RECORD, code) for code in (CODE, code_of("f" * 64)))
    with zipfile.ZipFile(io.BytesIO(one)) as first, zipfile.ZipFile(io.BytesIO(other)) as second:
        differing = [name for name in first.namelist() if first.read(name) != second.read(name)]
    assert len(differing) == 1
    assert differing[0].startswith("word/media/")


@pytest.mark.parametrize("character", ["\x00", "\x07", "\x1b", "\x0b", "\ufffe", "\ud800"])
def test_a_control_character_is_refused_by_field(character: str) -> None:
    with pytest.raises(InputError, match="problem"):
        fill("附表3", template(), {**RECORD, "problem": f"坏{character}字"}, CODE)


def test_a_control_character_in_a_row_names_the_row() -> None:
    with pytest.raises(InputError, match=r"items 第2行\.title"):
        fill("x", template(), {**RECORD, "items": [{"title": "好"}, {"title": "\x01"}]}, CODE)


def test_a_missing_value_names_template_and_field() -> None:
    values = {key: value for key, value in RECORD.items() if key != "cause"}
    with pytest.raises(InputError, match=r"附表3\.docx.*cause"):
        fill("附表3.docx", template(), values, CODE)


def test_an_unclosed_tag_names_the_template() -> None:
    with pytest.raises(InputError, match=r"附表3\.docx 有误"):
        fill("附表3.docx", with_text(template(), "{{ cause }}", "{{ cause }"), RECORD, CODE)


@pytest.mark.parametrize("content", [b"", b"not a zip", b"PK\x03\x04broken"])
def test_a_file_that_is_no_word_document_is_refused(content: bytes) -> None:
    with pytest.raises(InputError, match="不是 Word 文件"):
        fill("附表3.docx", content, RECORD, CODE)


def test_rows_and_wording_of_the_confirmation_are_the_references() -> None:
    values = {**COMMON, **dict.fromkeys(("user_unit", "user_phone", "implementer", "implementer_phone"), "")}
    values |= {"period": "", "conclusion": "", **{f"confirm_{row}": "" for row in range(1, 7)}}
    table = Document(io.BytesIO(fill("附表1", template("附表1"), values, CODE))).tables[0]
    rows = [list(dict.fromkeys(cell.text for cell in row.cells)) for row in table.rows]
    assert [row[0] for row in rows] == [
        "项目名称",
        "用户单位",
        "实施单位",
        "升级时间",
        "序号",
        *"123456",
        "实施确认结论",
        "用户签字",
        "实施人签字",
    ]
    assert [row[1] for row in rows[5:10]] == [
        "就业监测应用软件安装、部署、调试。",
        "金保工程异地业务服务总线升级、调试。",
        "系统联调（本级横向联调、部省市纵向联调）。",
        "就业监测认证服务支撑软件包安装、调试。",
        "就业监测报表平台服务端安装调试。",
    ]
    assert rows[10] == ["6", ""]
    assert rows[12] == ["用户签字", "", "日 期"]
