"""The body that the letters of a 文号 stand for, and what they do not tell."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus.lettercodes import issuer_of_letters
from corpus.reading import read_documents


@pytest.mark.parametrize(
    ("number", "region", "district", "issuer"),
    [
        ("中府〔2019〕13号", "中山市", None, "中山市人民政府"),
        ("粤府办〔2019〕3号", "广东省", None, "广东省人民政府办公厅"),
        ("杭政办〔2019〕3号", "杭州市", None, "杭州市人民政府办公厅"),
        ("烟政办发〔2019〕3号", "烟台市", None, "烟台市人民政府办公室"),
        ("宁政规字〔2019〕3号", "南京市", None, "南京市人民政府"),
        ("渝人社发〔2019〕7号", "重庆市", None, "重庆市人力资源和社会保障局"),
        ("粤人社规〔2019〕4号", "佛山市", None, "广东省人力资源和社会保障厅"),
        ("烟教基〔2019〕7号", "烟台市", None, "烟台市教育局"),
        ("京教基二〔2019〕7号", "北京市", None, "北京市教育委员会"),
        ("烟劳社（2006）009号", "烟台市", None, "烟台市劳动和社会保障局"),
        ("烟医保发〔2021〕2号", "烟台市", None, "烟台市医疗保障局"),
        ("福山府办〔2021〕2号", "烟台市", "烟台市福山区", "烟台市福山区人民政府办公室"),
    ],
)
def test_letters_that_tell(number: str, region: str, district: str | None, issuer: str) -> None:
    assert issuer_of_letters(number, region, district) == issuer


@pytest.mark.parametrize(
    ("number", "region"),
    [
        ("苏府〔2019〕9号", "苏州市"),  # of the province or of the city
        ("烟国土房〔2019〕9号", "烟台市"),  # a body that has other names elsewhere
        ("烟政法〔2019〕9号", "烟台市"),  # no government
        ("青府〔2019〕9号", "烟台市"),  # of another place
        ("烟府〔2019〕9号", None),
        ("烟台市人民政府令第5号", "烟台市"),
    ],
)
def test_letters_that_do_not_tell(number: str, region: str | None) -> None:
    assert issuer_of_letters(number, region, None) is None


def test_what_the_office_of_a_government_is_called_is_read_in_the_text() -> None:
    printed = ["请报市政府办公厅备案。"]
    assert issuer_of_letters("烟政办发〔2019〕3号", "烟台市", None, printed) == "烟台市人民政府办公厅"


@given(st.text(max_size=12), st.sampled_from(["烟台市", "广东省", None]))
def test_any_number_is_read(letters: str, region: str | None) -> None:
    issuer = issuer_of_letters(f"{letters}〔2019〕1号", region, None)
    assert issuer is None or issuer.startswith((region or "", "广东省", "北京市")) or len(issuer) > 4


def _issuer(text: str) -> str | None:
    ((document, _),) = read_documents(text.encode(), "x.txt")
    return document.issuer


RULE = "烟台市停车办法\n烟府规〔2020〕4号\n第一条 为规范停车，制定本办法。\n第二条 本办法自2020年5月1日起施行。\n"


def test_a_rule_that_nobody_signed_is_of_the_body_of_its_number() -> None:
    assert _issuer(RULE) == "烟台市人民政府"


def test_a_signature_comes_before_the_letters_of_a_number() -> None:
    assert _issuer(RULE + "烟台市城市管理局\n2020年4月1日\n") == "烟台市城市管理局"


def test_a_fuller_name_in_the_imprint_is_kept() -> None:
    text = "关于印发《2020年福山区招生意见》的通知\n福教〔2020〕3号\n各学校：\n请遵照执行。\n烟台市福山区教育局办公室  2020年4月1日印发\n"
    assert _issuer(text) == "烟台市福山区教育局"
