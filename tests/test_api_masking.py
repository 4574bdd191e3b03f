"""Personal numbers go, figures of policies stay."""

from __future__ import annotations

import json
import logging

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.edge.logs import REQUEST, JsonLines
from api.records.masking import masked


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("我的电话是13812345678，奖励多少？", "我的电话是[手机号]，奖励多少？"),
        ("+86 138-1234-5678", "[手机号]"),
        ("打１３８１２３４５６７８", "打[手机号]"),
        ("身份证32050219900101123X能办吗", "身份证[身份证号]能办吗"),
        ("320502 19900101 1234", "[身份证号]"),
        ("老身份证320502900101123", "老身份证[身份证号]"),
        ("卡号6222 0212 3456 7890 123", "卡号[银行卡号]"),
        ("打0512-65220000转8", "打[电话]转8"),
        ("（010）65220000", "[电话]"),
        ("发到zhang.san@example.com.cn", "发到[邮箱]"),
        ("护照E12345678", "护照[护照号]"),
    ],
)
def test_personal_numbers_go(text: str, expected: str) -> None:
    assert masked(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "奖励最高1000万元，2026年1月1日至2027年12月31日",
        "澜府规〔2026〕3号第二十条第（一）项",
        "注册资本12345678900元",  # eleven digits, and no number of a mobile telephone
        "营收达到100000000元的企业奖500000元",
        "统一社会信用代码91320500MA1ABCDE2X",
        "拨打12345或者96889",
        "2025-2027年",
    ],
)
def test_figures_of_policies_stay(text: str) -> None:
    assert masked(text) == text


@given(st.text(max_size=60), st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True), st.text(max_size=60))
def test_no_mobile_number_between_other_words_stays(before: str, number: str, after: str) -> None:
    assert number not in masked(f"{before} {number}，{after}") or number in before + after


@given(st.text(max_size=200))
def test_what_was_masked_is_masked(text: str) -> None:
    once = masked(text)
    assert masked(once) == once


def test_log_lines_are_json_masked_and_carry_the_request() -> None:
    record = logging.LogRecord("tiaowen.api", logging.INFO, "", 0, "asked by %s", ("13812345678",), None)
    record.path = "/v1/ask/13812345678"
    token = REQUEST.set("req-1")
    try:
        line = json.loads(JsonLines().format(record))
    finally:
        REQUEST.reset(token)
    assert line["message"] == "asked by [手机号]" and line["path"] == "/v1/ask/[手机号]"
    assert (line["level"], line["request"], line["logger"]) == ("info", "req-1", "tiaowen.api")


def test_an_exception_in_the_log_is_masked() -> None:
    try:
        raise ValueError("问题：我是13812345678")
    except ValueError as error:
        record = logging.LogRecord("x", logging.ERROR, "", 0, "failed", (), (type(error), error, error.__traceback__))
    line = json.loads(JsonLines().format(record))
    assert "13812345678" not in line["exception"] and "ValueError" in line["exception"]
