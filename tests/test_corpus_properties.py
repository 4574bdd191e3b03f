"""What must hold for every file whatever: nothing is lost, clauses rebuild the text, ids and addresses do not collide."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from corpus import bulletin, outline, tree
from corpus.canonical import Paragraph, paragraphs
from corpus.ingest import ingest
from corpus.numerals import to_chinese
from corpus.readers import Line
from corpus.reading import read_documents
from corpus.store import Store
from corpus.titles import squeeze
from corpus.types import Anchor, Clause, Document
from index.passages import MAX_CHARS, passages_of

INVISIBLE = "\u200b\u200c\u200d\ufeff\u2060\u00ad"


def visible(text: str) -> str:
    """The characters that a reader sees."""
    return "".join(c for c in text if not c.isspace() and c not in INVISIBLE)


def assert_whole(document: Document, clauses: Sequence[Clause]) -> None:
    """Clauses are a tree that covers every visible character of the document exactly once, in order."""
    by_id = {clause.id: clause for clause in clauses}
    assert len(by_id) == len(clauses), "ids are unique"
    assert len({clause.address for clause in clauses}) == len(clauses), "addresses are unique"
    assert [clause.ordinal for clause in clauses] == list(range(len(clauses)))
    covered = [0] * len(document.text)
    last_end: dict[str | None, int] = {}
    for clause in clauses:
        assert clause.document_id == document.id
        assert clause.id == tree.clause_id(document.id, clause.address)
        assert clause.span.end <= len(document.text)
        assert clause.span.start >= last_end.get(clause.parent, 0), "siblings are ordered and disjoint"
        last_end[clause.parent] = clause.span.end
        if clause.parent is None:
            for i in range(clause.span.start, clause.span.end):
                covered[i] += 1
        else:
            parent = by_id[clause.parent]
            assert parent.ordinal < clause.ordinal
            assert parent.span.contains(clause.span), "a child is inside its parent"
            assert clause.path[: len(parent.path)] == parent.path
    assert all(n == 1 for n, c in zip(covered, document.text, strict=True) if not c.isspace())


def assert_anchored(document: Document, lines: Sequence[str]) -> None:
    """Anchors go up, and every line of the text can be found again where they say."""
    offsets = [anchor.offset for anchor in document.anchors]
    assert offsets == sorted(set(offsets))
    assert offsets[0] == 0
    numbers = [anchor.line for anchor in document.anchors]
    assert numbers == sorted(numbers)
    ends = [*offsets[1:], len(document.text)]
    for anchor, end in zip(document.anchors, ends, strict=True):
        assert visible(document.text[anchor.offset : end]) in visible(lines[anchor.line - 1]) or spans_lines(
            document.text[anchor.offset : end], lines, anchor
        )


def spans_lines(text: str, lines: Sequence[str], anchor: Anchor) -> bool:
    """A wrapped table cell has one anchor for the lines that it was joined from."""
    joined = visible("".join(lines[anchor.line - 1 : anchor.line + 40]))
    return "\t" in lines[anchor.line - 1] and joined.startswith(visible(text))


def assert_searchable(document: Document, clauses: Sequence[Clause]) -> None:
    """Passages quote the document, are short, and leave out nothing but headings and table headers."""
    covered = bytearray(len(document.text))
    ids = set()
    for passage in passages_of(document, clauses):
        assert passage.text == document.text[passage.start : passage.end]
        assert len(passage.text) <= 4 * MAX_CHARS
        assert passage.clause_id in {clause.id for clause in clauses}
        assert document.title in passage.context
        assert passage.id not in ids
        ids.add(passage.id)
        covered[passage.start : passage.end] = b"\1" * (passage.end - passage.start)
    for clause in clauses:
        if clause.label == "表头":
            covered[clause.span.start : clause.span.end] = b"\1" * len(clause.span)
    # what is left may only be the label and heading of a clause that has children: these find it in their context
    for gap in re.finditer(r"\0+", covered.decode("latin-1")):
        at = gap.start()
        for line in document.text[at : gap.end()].split("\n"):
            around = [c for c in clauses if c.span.start <= at + len(line) and at < c.span.end]
            assert any(squeeze(line) in squeeze(clause.label + clause.heading) for clause in around) or not squeeze(
                line
            )
            at += len(line) + 1


# -- documents made of realistic pieces --------------------------------------------------------------------------------

SENTENCES = (
    "支持企业加大研发投入，对符合条件的给予最高300万元奖励",
    "市工信局会同市财政局每年组织一次申报",
    "对获评国家级、省级、市级的企业，分别给予100万元、50万元、20万元奖励",
    "按照第二条第（二）项规定执行",
    "按研发费用的2.5%给予补助，同比提高1.5倍",
    "完善城乡社区养老服务网络（含农村）",
    "违反前款规定的，由城管部门责令改正",
    "利用“互联网+”开展服务",
)
HEADINGS = ("总体要求", "主要目标", "重点任务", "支持研发创新", "强化要素保障", "加强组织领导", "优化营商环境")
DEPARTMENTS = ("（责任单位：市工信局、市财政局）", "（市科技局、市教育局）", "（责任单位：各县级市（区）人民政府）")
TITLES = ("澜江市支持工业设计发展的若干措施", "澜江市公共充电设施管理办法", "关于促进澜江市银发经济发展的实施意见")


@dataclass
class Made:
    """A text and the addresses that its numbered clauses must get."""

    lines: list[str] = field(default_factory=list)
    addresses: list[str] = field(default_factory=list)


sentence = st.sampled_from(SENTENCES).map(lambda s: s + "。")
heading = st.sampled_from(HEADINGS)


@st.composite
def measures(draw: st.DrawFn) -> Made:
    """一、 with （一）, 1． and （1） under it, each level there or not."""
    made = Made()
    for i in range(1, draw(st.integers(2, 4)) + 1):
        top = f"{to_chinese(i)}、"
        made.lines.append(top + draw(heading))
        made.addresses.append(top)
        items = draw(st.integers(0, 3))
        if not items:
            made.lines.append(draw(sentence))
        for j in range(1, items + 1):
            second = f"（{to_chinese(j)}）"
            department = draw(st.sampled_from(("", *DEPARTMENTS)))
            made.lines.append(f"{second}{draw(heading)}。{draw(sentence)}{department}")
            made.addresses.append(top + second)
            for k in range(1, draw(st.sampled_from((0, 0, 2, 3))) + 1):
                third = f"{k}．"
                made.lines.append(third + draw(sentence))
                made.addresses.append(top + second + third)
                for m in range(1, draw(st.sampled_from((0, 0, 2))) + 1):
                    made.lines.append(f"（{m}）{draw(sentence)}")
                    made.addresses.append(f"{top}{second}{third}（{m}）")
    return made


@st.composite
def regulation(draw: st.DrawFn) -> Made:
    """Articles, in chapters or not, of one or several paragraphs with items."""
    made = Made()
    number = 0
    chapters = draw(st.integers(0, 3))
    for chapter in range(1, max(1, chapters) + 1):
        if chapters:
            label = f"第{to_chinese(chapter)}章"
            made.lines.append(f"{label}　{draw(heading)}")
            made.addresses.append(label)
        for _ in range(draw(st.integers(2, 4))):
            number += 1
            article = f"第{to_chinese(number)}条"
            made.addresses.append(article)
            paras = draw(st.integers(1, 3))
            for para in range(1, paras + 1):
                base = article + (f"第{to_chinese(para)}款" if paras > 1 else "")
                if paras > 1:
                    made.addresses.append(base)
                items = draw(st.sampled_from((0, 0, 2, 3)))
                text = "有下列情形之一的，应当报告：" if items else draw(sentence)
                made.lines.append((f"{article}　" if para == 1 else "") + text)
                for item in range(1, items + 1):
                    made.lines.append(f"（{to_chinese(item)}）{draw(sentence)[:-1]}；")
                    made.addresses.append(f"{base}第（{to_chinese(item)}）项")
    return made


@st.composite
def table(draw: st.DrawFn) -> list[str]:
    """A flattened table: one cell a line, a blank line after each row."""
    lines = ["\t序号", "\t企业名称", "\t地区", ""]
    for row in range(1, draw(st.integers(1, 4)) + 1):
        lines += [f"\t{row}", f"\t澜江{draw(st.sampled_from(('某某', '甲乙')))}科技有限公司", "\t高新区", ""]
    return lines


@st.composite
def files(draw: st.DrawFn) -> Made:
    """One file with one document: title, number, body, table, signature, attachment, each there or not."""
    body = draw(st.one_of(measures(), regulation()))
    lines = [draw(st.sampled_from(TITLES)), ""]
    if draw(st.booleans()):
        lines += ["为深入贯彻落实有关决策部署，结合本市实际，制定本办法。", ""]
    for line in body.lines:
        lines += [line, ""] if draw(st.booleans()) else [line]
    if draw(st.booleans()):
        lines += draw(table())
    if draw(st.booleans()):
        lines += ["", "澜江市人民政府", "2025年3月1日"]
    if draw(st.booleans()):
        lines += ["附件1", "", "申报材料清单", "", "1．申请表；", "2．营业执照。"]
    return Made(lines, body.addresses)


def read(text: str) -> list[tuple[Document, tuple[Clause, ...]]]:
    return read_documents(text.encode(), "x.txt")


@given(made=st.one_of(measures(), regulation()), title=st.sampled_from(TITLES))
def test_numbered_clauses_get_the_address_a_clerk_would_write(made: Made, title: str) -> None:
    text = "\n".join([title, "为规范管理，结合实际，制定本办法。", *made.lines])
    ((_, clauses),) = read(text)
    found = [clause.address for clause in clauses if clause.label or re.search(r"第.+款$", clause.address)]
    assert found == made.addresses


@given(made=files())
@settings(max_examples=30)
def test_a_document_made_of_realistic_pieces_is_whole(made: Made) -> None:
    documents = read("\n".join(made.lines))
    for document, clauses in documents:
        assert_whole(document, clauses)
        assert_anchored(document, made.lines)
        assert_searchable(document, clauses)
    assert visible("".join(document.text for document, _ in documents)) == visible("".join(made.lines))
    assert len(documents) == 1
    assert documents[0][0].title == made.lines[0]
    assert not documents[0][0].title_inferred
    addresses = {clause.address for _, clauses in documents for clause in clauses}
    assert addresses >= set(made.addresses)


# -- arbitrary text ----------------------------------------------------------------------------------------------------

PIECES = (
    "一、", "二、", "（一）", "（二）", "(三)", "1．", "2.", "1.1 ", "（1）", "①", "第一条", "第二条　", "第三章 总则", "第一百〇三条",
    "附件1", "附件：", "关于印发", "澜江市某某办法", "的通知", "《某某条例》", "2025年3月1日", "有效期3年", "本办法自", "起施行", "责任单位：",
    "各区人民政府：", "●", "3日 ", "[1]", "播报", "编辑", "— 11 —", "解读", "政策解读", "12", "第3页", "目录", "……3",
    "\n", "\n\n", "\t", "\n\t", " ", "　", "\u2002", "\u200b", "。", "，", "；", "：", "、", "（", "）", "<", ">", "#", "**", "|", "“", "”",
    "市", "企业", "a", "B2", "é", "𠮷", "%", ".", "·", "臵",
)  # fmt: skip
anything = st.lists(st.sampled_from(PIECES), max_size=60).map("".join) | st.text(
    st.characters(codec="utf-8", exclude_categories=("Cs", "Cc", "Co", "Cn")), max_size=60
)

# The noise that goes, written down again so that a change of the reader's patterns shows here.
PAGE_MARK = re.compile(r"[-—–－―─]{1,2}\s*\d{1,4}\s*[-—–－―─]{1,2}|第\s*\d{1,4}\s*页(\s*[,，/]?\s*共\s*\d{1,4}\s*页)?")
RESIDUE = re.compile(r"播报|编辑|播报\s*编辑|收藏|查看我的收藏|有用\+?1")
FOOTNOTE = re.compile(r"(?<=[。；！？”）)日]) *\[\d{1,2}(-\d{1,2})?\]")
GLYPHS = str.maketrans({"臵": "置", "〃": "·", "⼀": "一", "⼆": "二", "⼈": "人", "⼤": "大", "⼯": "工"})
HIDDEN = re.compile(r"[\u200b-\u200f\u202a-\u202e\u2060\ufeff\u00ad]")


def without_noise(line: str) -> str:
    text = HIDDEN.sub("", re.sub(r"[\u00a0\u2000-\u200a\u202f\u205f\u3000]", " ", line)).translate(GLYPHS)
    if line.startswith("\t") and line.strip():
        return visible(text)
    text = FOOTNOTE.sub("", text.replace("\t", " ")).strip()
    return "" if PAGE_MARK.fullmatch(text) or RESIDUE.fullmatch(text) else visible(text)


def documents_of(texts: Sequence[str]) -> list[outline.Outline]:
    drafts = bulletin.split(paragraphs([Line(text, n) for n, text in enumerate(texts, start=1)]))
    return [outline.build(draft, draft.title or "") for draft in drafts]


@given(text=anything)
@settings(max_examples=80)
def test_nothing_visible_is_lost_from_any_text(text: str) -> None:
    lines = re.split(r"[\n\r\f\v\x1c-\x1e\x85\u2028\u2029]", text)
    assume(sum(bool(re.fullmatch(r"\s*\d{1,4}\s*", line)) for line in lines) < 3)  # page numbers that count up go
    outlines = documents_of(lines)
    kept = "".join(visible(made.text) for made in outlines)
    assert kept == "".join(without_noise(line) for line in lines)
    for made in outlines:
        document = Document(outline.document_id(made.text), made.text, "题名", anchors=made.anchors)
        assert_whole(document, made.clauses)
        assert_searchable(document, made.clauses)
        offsets = [anchor.offset for anchor in made.anchors]
        assert offsets == sorted(set(offsets))


@given(lines=st.lists(st.sampled_from([*map(str, range(1, 9)), "某市工作", "一、总则", ""]), max_size=14))
def test_lines_of_digits_go_only_where_they_count_up(lines: list[str]) -> None:
    numbers = [int(line) for line in lines if line.isdigit()]
    steps = sum(b - a == 1 for a, b in zip(numbers, numbers[1:], strict=False))
    counting = len(numbers) >= 3 and steps >= 0.8 * (len(numbers) - 1)
    kept = "".join(visible(made.text) for made in documents_of(lines))
    assert kept == "".join(line for line in lines if not (counting and line.isdigit()))


@given(
    pieces=st.lists(st.sampled_from(("某市工作。", "一、甲 ", " 乙", "  ", "丙")), min_size=1, max_size=6),
    cut=st.integers(0, 30),
)
def test_a_paragraph_cut_in_two_keeps_its_anchors(pieces: list[str], cut: int) -> None:
    text, anchors = "", []
    for line, piece in enumerate(pieces, start=5):
        anchors.append((len(text), line, None))
        text += piece
    whole = Paragraph(text, tuple(anchors))
    cut = min(cut, len(text))
    head, tail = whole.split(cut)
    assert head.text == text[:cut].rstrip()
    assert tail.text == text[cut:].lstrip()
    assert tail.line in range(5, 5 + len(pieces))

    def line_of(paragraph: Paragraph, offset: int) -> int:
        return [line for at, line, _ in paragraph.anchors if at <= offset][-1]

    shift = len(text) - len(tail.text)
    if tail.text:
        shift = len(text[:cut]) + len(text[cut:]) - len(text[cut:].lstrip())
        assert [line_of(tail, i) for i in range(len(tail.text))] == [
            line_of(whole, i + shift) for i in range(len(tail.text))
        ]
    assert [line_of(head, i) for i in range(len(head.text))] == [line_of(whole, i) for i in range(len(head.text))]


# -- the same whenever and in whatever order ---------------------------------------------------------------------------


def contents(store: Store) -> dict[str, list[tuple[str, str, int, int]]]:
    return {
        document.id: [(c.id, c.address, c.span.start, c.span.end) for c in store.clauses(document.id)]
        for document in store.documents()
    }


@given(made=st.lists(files(), min_size=2, max_size=3))
@settings(max_examples=15)
def test_the_order_of_files_changes_no_id(made: list[Made]) -> None:
    with TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "in").mkdir()
        paths = []
        for i, one in enumerate(made):
            paths.append(folder / "in" / f"{i}.txt")
            paths[-1].write_text("\n".join(one.lines), "utf-8")
        forth, back = Store(folder / "forth"), Store(folder / "back")
        ingest(forth, paths)
        first = contents(forth)
        assert {report.outcome for report in ingest(forth, paths).files} == {"unchanged"}
        ingest(back, paths[::-1])
        assert contents(forth) == contents(back) == first
        forth.close()
        back.close()
