"""A host that systems would silently take for another one is a mistake of the profile."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.base.errors import InputError
from app.site import profile

HALF = ("10.1.20", "010.0.0.1", "123", "0x7f.1", "1.2.3.4.5", "256.1.1.1", "127.1")
WHOLE = ("10.0.0.1", "::1", "::ffff:10.0.0.1", "db1", "a.1b", "1.example.cn", "主机")


def load(folder: Path, host: str) -> None:
    shown = f"[{host}]" if ":" in host else host
    text = (
        '[site]\nname = "某省"\nnode = "510000"\n'
        f'[[host]]\nid = "h"\nhost = "{host}"\nuser = "u"\n'
        f'[[client]]\nid = "c"\nurls = ["http://{shown}:7001/"]\n'
    )
    (folder / "site.toml").write_text(text, "utf-8")
    profile.load(folder / "site.toml")


@pytest.mark.parametrize("host", HALF)
def test_digits_that_are_no_whole_address_are_refused_with_their_line(tmp_path: Path, host: str) -> None:
    with pytest.raises(InputError, match="第6行"):
        load(tmp_path, host)


@pytest.mark.parametrize("host", WHOLE)
def test_names_and_whole_addresses_are_taken(tmp_path: Path, host: str) -> None:
    load(tmp_path, host)


def test_a_half_address_in_a_url_is_refused_too(tmp_path: Path) -> None:
    (tmp_path / "site.toml").write_text(
        '[site]\nname = "某省"\nnode = "510000"\n[[client]]\nid = "c"\nurls = ["http://127.1/"]\n', "utf-8"
    )
    with pytest.raises(InputError, match="主机名不对"):
        profile.load(tmp_path / "site.toml")
