"""Plain text becomes a draft with number, issuers and clauses; what is missing is said."""

from __future__ import annotations

from io import StringIO
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import call_command

from content.models import HomePage, PolicyPage
from content.policy_import import NotAPolicy, import_policy, read

_TEXT = """示例市示例区总工会文件

示例总发〔2026〕7 号

关于示例服务的意见

一、总体要求
（一）让会员看得
见。每一笔都能查。
1.公开。按月公布 150元补贴。
二、时间安排
2026 年 3 月 1 日
"""
_SHARED = Path(settings.BASE_DIR).parent / "shared" / "policy"


def test_sections_items_and_points() -> None:
    document = read(_TEXT)
    assert (document.number, document.title) == ("示例总发〔2026〕7号", "关于示例服务的意见")
    assert document.issuers == ["示例市示例区总工会"]
    assert str(document.dated_on) == "2026-03-01"
    assert [(c.number, c.heading) for c in document.clauses[:3]] == [
        ("一", "总体要求"),
        ("一（一）", "让会员看得见"),
        ("一（一）1", "公开"),
    ]
    assert document.clauses[2].text == "按月公布150元补贴。"
    assert document.defects == []


def test_defects_are_said() -> None:
    document = read("一、要求\n没有文号也没有日期,而且断")
    assert len(document.defects) == 4


@pytest.mark.parametrize("text", ["", "just words", "没有条款的文字。"])
def test_other_texts_are_refused(text: str) -> None:
    with pytest.raises(NotAPolicy):
        read(text)


def test_the_same_text_twice_is_one_draft(site: HomePage) -> None:
    page, made = import_policy(_TEXT)
    assert made
    assert not page.live
    assert import_policy(_TEXT) == (page, False)


def test_the_command_refuses_what_it_cannot_read(site: HomePage, tmp_path: Path) -> None:
    (tmp_path / "bytes").write_bytes(b"\xff\xfe\x00")
    for name in ("missing", "bytes"):
        with pytest.raises(SystemExit) as stopped:
            call_command("policy_import", tmp_path / name, stderr=StringIO())
        assert stopped.value.code == 2


@pytest.mark.skipif(not _SHARED.exists(), reason="the documents are not beside this checkout")
@pytest.mark.parametrize(
    ("name", "number", "clause", "words"),
    [
        ("hedong-2019-22.txt", "津东总工发[2019]22号", "三（一）1", "150元补贴"),
        ("shandong-2019-54.txt", "鲁会〔2019〕54号", "一（一）", "农民工"),
    ],
)
def test_the_real_documents(site: HomePage, name: str, number: str, clause: str, words: str) -> None:
    call_command("policy_import", _SHARED / name, stdout=StringIO())
    page = PolicyPage.objects.get(number=number, live=False, source_sha256__gt="")
    found = {block.value["number"]: block.value for block in page.body}
    assert words in found[clause]["heading"] + str(found[clause]["text"])
