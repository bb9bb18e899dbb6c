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
    document = read("一、要求\n没有文号也没有日期，而且断")
    assert document.defects == [
        "没有找到文号。",
        "没有找到成文日期。",
        "没有找到发文机关。",
        "文本在一处中断，结尾是“……有文号也没有日期，而且断”。",
    ]


@pytest.mark.parametrize(
    ("numbers", "defects"),
    [
        (["一、甲。", "（一）乙。", "1.丙。", "2.丁。", "（二）戊。", "1.己。", "二、庚。", "1.辛。"], []),
        (["一、甲。", "（二）乙。", "1.丙。", "3.戊。"], ["开头就是一（二）", "从一（二）1跳到一（二）3"]),
        (["一、甲。", "三、乙。"], ["从一跳到三"]),
        (["一、甲。", "二、乙。", "二、丙。"], ["从二跳到二"]),
    ],
)  # fmt: skip
def test_numbers_that_do_not_follow_each_other_are_a_defect_of_the_copy(
    numbers: list[str], defects: list[str]
) -> None:
    head = ["示例市总工会文件", "示例总发〔2026〕7号", "关于示例的意见", "2026年3月1日"]
    assert read("\n".join([*head, *numbers])).defects == [f"编号不连续：{said}。" for said in defects]


def test_page_marks_are_left_out_of_the_text_and_said() -> None:
    document = read(_TEXT.replace("见。每一笔", "见。\n- 3 -\n每一笔"))
    assert document.defects == ["正文中夹有页码，已略去。"]
    assert "每一笔都能查。" in document.clauses[1].text
    assert "3" not in document.clauses[1].text


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
    for name, said in (
        ("missing", f"There is no file or folder {tmp_path / 'missing'}."),
        ("bytes", "This file is no plain text in UTF-8."),
        ("", f"{tmp_path} is a folder, not a file."),
    ):
        err = StringIO()
        with pytest.raises(SystemExit) as stopped:
            call_command("policy_import", tmp_path / name, stderr=err)
        assert (stopped.value.code, err.getvalue().strip()) == (2, said)


@pytest.mark.skipif(not _SHARED.exists(), reason="the documents are not beside this checkout")
@pytest.mark.parametrize(
    ("name", "number", "clause", "defects"),
    [
        (
            "hedong-2019-22.txt",
            "津东总工发[2019]22号",
            "三（一）1",
            "编号不连续：从一（二）3跳到一（二）5。 编号不连续：从一跳到三。",
        ),
        (
            "shandong-2019-54.txt",
            "鲁会〔2019〕54号",
            "一（一）",
            "没有找到成文日期。 正文中夹有页码，已略去。 文本在四（三）处中断，结尾是“……的现实意义和政策要求等，”。",
        ),
    ],
)
def test_the_real_documents(site: HomePage, name: str, number: str, clause: str, defects: str) -> None:
    call_command("policy_import", _SHARED / name, stdout=StringIO())
    page = PolicyPage.objects.get(number=number, live=False, source_sha256__gt="")
    assert page.defects == defects
    found = {block.value["number"]: block.value for block in page.body}
    assert "农民工" in found[clause]["heading"] + str(found[clause]["text"])
