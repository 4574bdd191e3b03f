"""Laws written as Word and PDF files and read back: the same clauses as from the plain text, in every style."""

from __future__ import annotations

import io
import re
import zipfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corpus.numerals import to_chinese
from corpus.readers import pdf
from corpus.reading import read_documents
from eval.clauses import Law, measure_round_trips
from eval.roundtrip import GAZETTE, Style, docx_of, pdf_of, printable

STYLES: tuple[Style, ...] = ("typed", "headings", "automatic")
# Wrapped lines may begin with any of these, and none of them is a mark there.
SENTENCES = (
    "违反本条例第二条规定的，由城市管理部门责令限期改正，处二百元以上一千元以下罚款；情节严重的，处三千元以上一万元以下罚款。",
    "本条例所称燃气设施，包括调压站、管道、阀门（井）以及2023年1月1日以后建成的计量装置。",
    "供气量不得低于上年度的1.5%，并应当按照第三条第（二）项的要求报告。",
    "市、区人民政府应当加强对本行政区域内燃气管理工作的领导，将燃气事业发展纳入国民经济和社会发展规划。",
    "任何单位和个人发现燃气泄漏的，应当立即报告。",
)
ITEMS = (
    "未按照规定巡检的；",
    "擅自移动、覆盖、拆除或者涂改燃气设施安全警示标志，可能影响燃气设施安全供气的；",
    "法律、法规规定的其他情形。",
)
TITLE = "澜江市燃气管理条例"
HISTORY = (
    "2011年11月17日 澜江市第十三届人民代表大会常务委员会第三十次会议通过",
    "2020年5月14日 澜江市第十五届人民代表大会常务委员会第二十一次会议《关于修改〈澜江市燃气管理条例〉等三件地方性法规的决定》修正",
)


def law(articles: list[tuple[list[str], int]], chapter_every: int, title: str = TITLE, history: int = 2) -> str:
    """A law: each article has paragraphs and so many items after the first of them."""
    lines = [title, *HISTORY[:history]]
    for n, (paragraphs, items) in enumerate(articles):
        if n % chapter_every == 0:
            lines.append(f"第{to_chinese(n // chapter_every + 1)}章  管理{'和监督' * (n % 2)}")
        first, *rest = paragraphs
        lines.append(f"第{to_chinese(n + 1)}条 {first}")
        if items:
            lines[-1] = lines[-1].rstrip("。") + "，有下列情形之一的，依法处理："
            lines += [f"（{to_chinese(i + 1)}）{ITEMS[i % len(ITEMS)]}" for i in range(items)]
        lines += rest
    return "\n".join(lines) + "\n"


def tree(data: bytes, name: str) -> list[tuple[str, str]]:
    return [
        (clause.address, re.sub(r"\s", "", document.quote(clause.span)))
        for document, clauses in read_documents(data, name)
        for clause in clauses
    ]


laws = st.builds(
    law,
    st.lists(
        st.tuples(st.lists(st.sampled_from(SENTENCES), min_size=1, max_size=3), st.sampled_from([0, 0, 2, 4])),
        min_size=4,
        max_size=14,
    ),
    st.integers(2, 5),
    st.sampled_from([TITLE, "澜江市人民代表大会常务委员会关于加强城镇燃气和瓶装液化石油气安全管理的若干规定（试行）"]),
    st.integers(0, 2),
)


@settings(max_examples=25)
@given(laws, st.sampled_from(STYLES))
def test_a_law_in_a_word_file_has_the_clauses_of_its_text(text: str, style: Style) -> None:
    assert tree(docx_of(text, style), "law.docx") == tree(text.encode(), "law.txt")


@settings(max_examples=15)
@given(laws)
def test_a_law_in_a_pdf_has_the_clauses_of_its_text(text: str) -> None:
    assert tree(pdf_of(text), "law.pdf") == tree(text.encode(), "law.txt")


def test_a_gazette_in_two_columns_is_read_column_by_column() -> None:
    text = law([([SENTENCES[i % 4], SENTENCES[(i + 1) % 4]], 2 * (i % 2)) for i in range(24)], 4)
    assert tree(pdf_of(text, GAZETTE), "law.pdf") == tree(text.encode(), "law.txt")


def test_automatic_numbers_stand_only_in_the_list() -> None:
    text = law([([SENTENCES[0]], 2), ([SENTENCES[3]], 0)], 2)
    with zipfile.ZipFile(io.BytesIO(docx_of(text, "automatic"))) as package:
        body = package.read("word/document.xml").decode()
    assert "管理" in body
    assert not re.search(r">第[一二]条|>（[一二]）|>第一章", body)
    with zipfile.ZipFile(io.BytesIO(docx_of(text, "typed"))) as package:
        assert re.search(r">第一条", package.read("word/document.xml").decode())


def test_a_number_that_a_list_would_not_give_is_typed() -> None:
    text = "澜江市燃气管理条例\n第一条 甲。\n第二条 乙。\n第二条之一 丙。\n第五条 丁。\n"
    with zipfile.ZipFile(io.BytesIO(docx_of(text, "automatic"))) as package:
        body = package.read("word/document.xml").decode()
    assert "第二条之一 丙。" in body
    assert "第五条 丁。" in body
    assert "第二条 乙" not in body


def test_a_pdf_is_set_in_full_lines_with_running_heads_that_are_no_text() -> None:
    text = law([([SENTENCES[0], SENTENCES[3]], 0)] * 12, 3)
    lines = pdf.read(pdf_of(text))
    assert max(line.page or 0 for line in lines) >= 2
    assert max(len(line.text.strip()) for line in lines) >= 27
    assert sum(line.text.strip() == TITLE for line in lines) == 1
    assert not [line for line in lines if re.match(r"\s*— \d+ —", line.text)]


def test_characters_without_a_sign_become_getas() -> None:
    assert printable("第一条\n　𠀀燃气A1，《》") == "第一条\n　〓燃气A1，《》"


@pytest.mark.parametrize("broken", [False, True])
def test_the_measure_counts_what_differs(broken: bool) -> None:
    text = law([([SENTENCES[3]], 0)] * 4, 2)

    def export(given: str) -> bytes:
        return (given.replace("第三条", "第三条之一") if broken else given).encode()

    (tally,) = measure_round_trips([Law("x", text, (("第三条", "第三条" + SENTENCES[3]),))], {"甲": export})
    assert (tally.files, tally.same_files) == (1, 0 if broken else 1)
    assert (tally.same_clauses == tally.clauses) is not broken
    assert tally.exact_articles == (0 if broken else 1)
    assert bool(tally.wrong) is broken
