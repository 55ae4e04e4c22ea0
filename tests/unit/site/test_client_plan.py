"""The client's keys of site.toml: what each may say, and the clear line for what it may not."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.base.errors import InputError
from app.site.model import Client, ClientExpect, Host
from app.site.profile import load

HEAD = '[site]\nname = "某省节点"\nnode = "510000"\n'


def client(folder: Path, text: str) -> Client:
    (folder / "site.toml").write_text(f'{HEAD}[[client]]\nid = "pc1"\n{text}\n', encoding="utf-8")
    found = load(folder / "site.toml").target("pc1")
    assert isinstance(found, Client)
    return found


def test_a_client_is_another_pc_unless_the_profile_says_otherwise(tmp_path: Path) -> None:
    found = client(tmp_path, "")
    assert (found.this, found.computer, found.driver) == (False, "", "")
    assert found.expect == ClientExpect(printer=True, fonts=("仿宋", "小标宋"))


def test_what_the_manual_asks_is_read(tmp_path: Path) -> None:
    found = client(
        tmp_path,
        'this = true\ncomputer = "YWZD-01"\ndriver = "C:\\\\t.dll"\n[client.expect]\nzone = "intranet"\n'
        'zone_sites = ["http://10.1.2.3"]\nactivex = { "1200" = "enable", "140c" = "disable" }\nie_mode = true\n'
        "printer = false\nfonts = []",
    )
    assert found.this and found.computer == "YWZD-01" and found.driver == r"C:\t.dll"
    assert found.expect == ClientExpect(
        ("http://10.1.2.3",), "intranet", {"1200": "enable", "140C": "disable"}, True, False, ()
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('expect = { zone = "internet" }', "trusted、intranet"),
        ('expect = { activex = { "12000" = "enable" } }', "四位"),
        ('expect = { activex = { "1200" = "yes" } }', "enable、prompt、disable"),
        ('expect = { ie_mode = "yes" }', "true 或 false"),
        ('expect = { font = ["仿宋"] }', "是不是 fonts"),
        ("this = 1", "true 或 false"),
        ('expect = { zone_sites = [""] }', "不能为空"),
    ],
)
def test_a_mistake_is_one_clear_line(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(InputError, match=said) as told:
        client(tmp_path, text)
    assert "site.toml" in str(told.value) and "\n" not in str(told.value)


def test_a_host_may_say_its_own_name(tmp_path: Path) -> None:
    text = f'{HEAD}[[host]]\nid = "h1"\nhost = "10.1.1.1"\nuser = "u"\nnode = "jyjcapp1"\n'
    (tmp_path / "site.toml").write_text(text, encoding="utf-8")
    found = load(tmp_path / "site.toml").target("h1")
    assert isinstance(found, Host) and found.node == "jyjcapp1"
