"""The FAQ by meaning, its hit counts, and the FAQ as a table out and in: over HTTP, the real encoder and likeness check."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from fake_service import make_document
from test_api_app import error_of
from test_api_desk import POLICY, Desk

from corpus.sheets import xlsx_bytes

LEVELS = make_document("奖励办法\n第一条 省级企业奖励50万元。\n第二条 生育津贴由单位代为申领。\n")
PROVINCE, BIRTH = f"{LEVELS.id}-0", f"{LEVELS.id}-1"
HEADER = ["编号", "问法", "答案", "文件", "条款", "引文"]


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    made = Desk(tmp_path, POLICY, LEVELS)
    made.service.known.clear()
    return made


def bring(desk: Desk, rows: list[list[str]], name: str = "faq.xlsx") -> Any:
    content = xlsx_bytes([("x", HEADER, rows)])
    if name.endswith("csv"):
        out = io.StringIO()
        csv.writer(out).writerows([HEADER, *rows])
        content = out.getvalue().encode("gb18030")
    return desk.client.post("/v1/faq/import", files={"file": (name, content)})


# --- by meaning -------------------------------------------------------------------------------------------------------


def test_an_entry_answers_its_question_in_other_words_and_says_so(desk: Desk) -> None:
    desk.faq(questions=["生育津贴怎么领取？"], answer="由单位代为申领", clause_id=BIRTH, quote="由单位代为申领")
    exact = desk.ask("请问生育津贴怎么领取")
    near = desk.ask("生育津贴如何领取？")
    assert exact["answer"] == near["answer"] == "由单位代为申领" and near["answered_by"] == "faq"
    assert exact["warnings"] == [] and [w["code"] for w in near["warnings"]] == ["similar_question"]
    assert "生育津贴怎么领取？" in near["warnings"][0]["message"] and near["confidence"] < exact["confidence"]
    (entry,) = desk.client.get("/v1/faq").json()["entries"]
    assert (entry["used"], entry["used_near"]) == (2, 1) and entry["last_used_at"]


@pytest.mark.parametrize(
    "other", ["市级企业奖励多少？", "国家级企业奖励多少？", "苏州省级企业奖励多少？", "2025年省级企业奖励多少？"]
)
def test_an_entry_does_not_answer_for_another_level_place_or_year(desk: Desk, other: str) -> None:
    desk.faq(questions=["省级企业奖励多少？"], answer="50万元", clause_id=PROVINCE, quote="奖励50万元")
    assert desk.ask("省级企业奖励多少")["answer"] == "50万元"
    assert desk.ask(other)["status"] == "refused"


def test_a_question_that_two_entries_mean_is_nobodys(desk: Desk) -> None:
    desk.faq(questions=["生育津贴怎么领取？"], answer="甲", clause_id=BIRTH, quote=None)
    second = desk.faq(questions=["怎么领取生育津贴？"], answer="乙", clause_id=BIRTH, quote=None).json()["id"]
    assert desk.ask("生育津贴如何领取？")["status"] == "refused"
    desk.client.delete(f"/v1/faq/{second}")
    assert desk.ask("生育津贴如何领取？")["answer"] == "甲"


# --- as a table -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["faq.xlsx", "faq.csv"])
def test_a_table_is_taken_in_row_by_row(desk: Desk, name: str) -> None:
    rows = [
        ["", "电梯补多少\n加电梯给钱吗", "每台10万元", "《试点若干措施》", "第二条", "每台补助10万元"],
        ["", "生育津贴谁去申领", "单位", "", "", "生育津贴由单位代为申领"],
        ["", "", "没有问法", "试点若干措施", "第二条", ""],
        ["", "没有条款", "甲", "试点若干措施", "", ""],
        ["", "没有文件", "甲", "别的措施", "第一条", ""],
        ["", "引文不对", "甲", "试点若干措施", "第二条", "每台补助20万元"],
        ["", "", "", "", "", ""],
    ]
    told = bring(desk, rows, name).json()
    assert (told["added"], told["updated"], told["rejected"]) == (2, 0, 4)
    assert [(row["row"], row["outcome"]) for row in told["rows"]][:3] == [(2, "added"), (3, "added"), (4, "rejected")]
    assert all(row["message"] for row in told["rows"] if row["outcome"] == "rejected")
    assert desk.ask("加电梯给钱吗？")["answer"] == "每台10万元"
    assert desk.ask("生育津贴谁去申领")["citations"][0]["clause"]["id"] == BIRTH


def test_what_was_exported_comes_back_as_it_was(desk: Desk) -> None:
    desk.faq(questions=["=1+1是多少", "另一种问法"], answer="@每台", clause_id=BIRTH, quote="生育津贴")
    before = desk.client.get("/v1/faq").json()["entries"]
    for format in ("csv", "xlsx"):
        table = desk.client.get("/v1/faq/export", params={"format": format}).content
        told = desk.client.post("/v1/faq/import", files={"file": (f"a.{format}", table)}).json()
        assert (told["added"], told["updated"], told["rejected"]) == (0, 1, 0), told
    (after,) = desk.client.get("/v1/faq").json()["entries"]
    kept = ("id", "questions", "answer", "quote", "clause", "used")
    assert {name: after[name] for name in kept} == {name: before[0][name] for name in kept}
    sheet = openpyxl.load_workbook(io.BytesIO(desk.client.get("/v1/faq/export").content)).active
    assert sheet["B2"].data_type == "s" and sheet["B2"].value.startswith("=1+1")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"PK\x03\x04broken",
        "甲,乙\n1,2\n".encode(),
        b"\xff\xff\xff",
        "问法,答案\n".encode() + "甲,乙\n".encode() * 2001,
    ],
)
def test_a_table_that_cannot_be_read(desk: Desk, content: bytes) -> None:
    error_of(desk.client.post("/v1/faq/import", files={"file": ("a.csv", content)}), 422, "invalid_request")
    assert desk.client.get("/v1/faq").json()["entries"] == []
