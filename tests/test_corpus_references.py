"""References resolved to clauses, inside a document and between documents."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus.addresses import AddressBook, Step, parse
from corpus.ingest import drop, ingest
from corpus.linking import Catalogue, Entry
from corpus.reading import read_documents
from corpus.store import Store
from corpus.types import Reference

BODY = """第一条 有下列情形之一的，给予奖励：
（一）新建车间；
（二）改建车间；
（三）购置设备；
（四）引进人才。
{0}
第二条 符合下列条件的，可以申请：
（一）在本市注册；
（二）依法纳税。
第三条 {1}
第四条 {2}
（一）{3}
（二）{4}
第五条 本办法自2026年1月1日起施行。
"""


def read(
    second: str = "奖励一次兑付。",
    third: str = "另行通知。",
    fourth: str = "处理如下：",
    one: str = "甲；",
    two: str = "乙。",
) -> dict[str, list[tuple[str, str | None, str, bool]]]:
    """The references by the address of their clause: (words, title, address, found)."""
    text = "澜江市技术改造奖励办法\n\n" + BODY.format(second, third, fourth, one, two)
    ((document, clauses),) = read_documents(text.encode(), "a.txt")
    return {
        c.address: [(document.quote(r.span), r.title, r.address, r.clause is not None) for r in c.references]
        for c in clauses
        if c.references
    }


def targets(said: str) -> list[str]:
    """What the third article refers to when it says this."""
    return [address for _, title, address, found in read(third=said).get("第三条", []) if found and title is None]


@pytest.mark.parametrize(
    ("said", "addresses"),
    [
        ("违反本办法第二条规定的，收回奖励。", ["第二条"]),
        ("按照第１条、第二条和第五条执行。", ["第一条", "第二条", "第五条"]),
        ("本办法第一条第二款规定的奖励。", ["第一条第二款"]),
        ("依照第一条第一款第（三）项办理。", ["第一条第一款第（三）项"]),
        ("依照第一条第一款第三项办理。", ["第一条第一款第（三）项"]),
        ("第二条第（一）、（二）项的条件。", ["第二条第（一）项", "第二条第（二）项"]),
        ("第二条第（一）（二）项的条件。", ["第二条第（一）项", "第二条第（二）项"]),
        ("第一条第一款第（一）项至第（三）项。", [f"第一条第一款第（{n}）项" for n in "一二三"]),
        ("第一条至第四条另有规定。", ["第一条", "第二条", "第四条"]),
        ("第二条第一款规定的企业。", ["第二条"]),
        ("第一条第（四）项人才。", ["第一条第一款第（四）项"]),
        ("按照前条规定申请。", ["第二条"]),
        ("按照前两条规定申请。", ["第二条", "第一条"]),
        ("第九条不存在。", []),
        ("本条不适用于个人。", []),
        ("第三方机构审核，第一款产品上市。", []),
    ],
)
def test_inside_a_document(said: str, addresses: list[str]) -> None:
    assert targets(said) == addresses


def test_the_paragraph_and_the_item_before() -> None:
    found = read(second="前款第二项、第三项的企业优先。", two="前项的企业减半。")
    assert [(words, address) for words, _, address, _ in found["第一条第二款"]] == [
        ("前款第二项", "第一条第一款第（二）项"),
        ("第三项", "第一条第一款第（三）项"),
    ]
    assert [a for _, _, a, _ in found["第四条第（二）项"]] == ["第四条第（一）项"]


def test_items_named_without_their_article_are_those_of_the_article_at_hand() -> None:
    found = read(fourth="违反本办法第一条第一款规定，按下列规定处理：", one="违反第一项至第三项的，收回；")
    assert [a for _, _, a, _ in found["第四条第（一）项"]] == [f"第一条第一款第（{n}）项" for n in "一二三"]


@pytest.mark.parametrize(
    ("said", "title", "address", "bare"),
    [
        ("依照《澜江市燃气条例》第十二条处罚。", "澜江市燃气条例", "第十二条", False),
        ("依照《澜江市燃气条例》（江府令第3号）第十二条第二款处罚。", "澜江市燃气条例", "第十二条第二款", False),
        ("依照民法典第五百七十七条承担责任。", "民法典", "第五百七十七条", True),
        ("《澜江市燃气条例》公布后，该条例第三条适用。", "澜江市燃气条例", "第三条", False),
        ("根据《澜江市燃气条例》（以下简称《燃气条例》），《燃气条例》第四条适用。", "澜江市燃气条例", "第四条", False),
    ],
)
def test_other_documents_keep_their_title(said: str, title: str, address: str, bare: bool) -> None:
    text = "澜江市技术改造奖励办法\n\n" + BODY.format("甲。", said, "乙：", "丙；", "丁。")
    ((_, clauses),) = read_documents(text.encode(), "a.txt")
    (reference,) = next(c.references for c in clauses if c.address == "第三条")
    assert (reference.title, reference.address, reference.clause, reference.bare) == (title, address, None, bare)


def test_own_short_title_is_no_other_document() -> None:
    assert targets("违反《办法》第二条的，收回。") == ["第二条"]
    assert targets("违反《澜江市技术改造奖励办法》第二条的，收回。") == ["第二条"]


def test_a_decision_speaks_of_the_document_that_it_amends() -> None:
    text = "关于修改《澜江市燃气条例》的决定\n\n现决定对《澜江市燃气条例》作如下修改：\n\n一、将第三条修改为：“甲。”\n\n二、删去第九条。\n"
    ((document, clauses),) = read_documents(text.encode(), "a.txt")
    named = [(r.title, r.address) for c in clauses for r in c.references]
    assert document.kind == "amendment" and named == [("澜江市燃气条例", "第三条"), ("澜江市燃气条例", "第九条")]


def test_an_attachment() -> None:
    text = (
        "澜江市关于支持外贸的若干措施\n\n一、支持参展。名单见附件2。\n\n二、支持投保。\n\n附件1\n\n参展计划表\n\n一、春季。\n\n"
        "附件2\n\n展会名单\n\n一、澜江展。\n"
    )
    read = read_documents(text.encode(), "a.txt")
    found = {c.address: [r.address for r in c.references] for _, clauses in read for c in clauses if c.references}
    assert found == {"一、": ["附件2"]}


LAW = "澜江市燃气条例\n\n第一条 为了安全，制定本条例。\n\n第二条 用户应当：\n（一）用合格的灶具；\n（二）通风。\n\n第三条 自公布之日起施行。\n"
CITING = "澜江市燃气处罚规定\n\n第一条 违反《澜江市燃气条例》第二条第（二）项的，罚款100元。\n\n第二条 依照前条执行。\n"


def stored(store: Store) -> dict[str, tuple[Reference, ...]]:
    return {d.title + c.address: c.references for d in store.documents() for c in store.clauses(d.id) if c.references}


@pytest.mark.parametrize("order", [("law", "citing"), ("citing", "law")])
def test_between_documents_in_any_order(tmp_path: Path, order: tuple[str, str]) -> None:
    store = Store(tmp_path / "data")
    texts = {"law": LAW, "citing": CITING}
    for name in order:
        (tmp_path / f"{name}.txt").write_text(texts[name])
        ingest(store, [tmp_path / f"{name}.txt"])
    ((cross,), (own,)) = stored(store).values()
    assert cross.clause is not None and own.clause is not None
    target = store.clause(cross.clause)
    assert (target.address, target.document_id) == ("第二条第（二）项", cross.document)
    assert [c.address for c in store.clauses_referring(target.id)] == ["第一条"]
    assert store.clause(own.clause).address == "第一条"

    (tmp_path / "law.txt").write_text(
        LAW.replace("（二）通风。", "（二）保持通风。").replace("为了安全", "为了公共安全")
    )
    ingest(store, [tmp_path / "law.txt"])
    again = stored(store)["澜江市燃气处罚规定第一条"][0]
    assert again.clause == cross.clause and again.document != cross.document, "the clause kept its id"

    drop(store, ["law.txt"])
    ((gone,), _) = stored(store).values()
    assert (gone.document, gone.clause, gone.address) == (None, None, "第二条第（二）项")


def test_links_lead_both_ways(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.txt").write_text(LAW)
    (tmp_path / "in" / "b.txt").write_text(
        "关于修改《澜江市燃气条例》的决定\n\n现决定对《澜江市燃气条例》作如下修改：\n\n一、将第三条修改为：“甲。”\n\n二、删去第一条。\n"
    )
    store = Store(tmp_path / "data")
    ingest(store, [tmp_path / "in"])
    law, decision = store.documents()
    assert [(k.kind, k.target) for k in decision.links if k.kind == "amends"] == [("amends", law.id)]
    assert [(k.kind, k.title, k.target) for k in store.linked_from(law.id)] == [("amends", decision.title, decision.id)]


def test_a_new_version_repeals_the_old_one_of_the_same_title(tmp_path: Path) -> None:
    rules = "澜江市燃气管理办法\n江府规〔{year}〕{n}号\n\n第一条 为了安全，制定本办法。\n\n第二条 本办法自{year}年5月1日起施行。{more}\n"
    more = "原《澜江市燃气管理办法》（江府规〔2018〕3号）同时废止。"
    (tmp_path / "new.txt").write_text(rules.format(year=2025, n=7, more=more))
    (tmp_path / "old.txt").write_text(rules.format(year=2018, n=3, more=""))
    store = Store(tmp_path / "data")
    ingest(store, [tmp_path / "new.txt", tmp_path / "old.txt"])
    new, old = store.documents()
    assert (new.validity.repealed_by, old.validity.repealed_by) == (None, "澜江市燃气管理办法")
    assert [(k.kind, k.number, k.target) for k in new.links] == [("repeals", "江府规〔2018〕3号", old.id)]


ENTRIES = [
    Entry("civil", "中华人民共和国民法典", None, None),
    Entry("old", "澜江市人才落户办法", "江府规〔2018〕3号", None),
    Entry("new", "澜江市人才落户办法", "江府规〔2025〕7号", None),
    Entry("notice", "澜江市人民政府关于印发《澜江市外贸奖励细则》的通知", None, None),
    Entry("parking", "澜江市人民政府关于调整停车收费的通知", None, None),
    Entry("revised", "澜江市燃气条例（2021年修订）", None, None),
]


@pytest.mark.parametrize(
    ("title", "number", "of", "bare", "found"),
    [
        ("民法典", None, None, True, "civil"),
        ("保存民法典", None, None, True, "civil"),
        ("保存民法典", None, None, False, None),
        ("澜江市人才落户办法", "江府规〔2018〕3号", None, False, "old"),
        ("澜江市人才落户办法", None, "new", False, "old"),
        ("澜江市外贸奖励细则", None, None, False, "notice"),
        ("澜江市燃气条例", None, None, False, "revised"),
        ("外贸奖励细则", None, None, False, None),
        ("市政府关于调整停车收费的通知", None, None, False, "parking"),
        ("市政府办公室关于调整停车收费的通知", None, None, False, "parking"),
        ("省政府关于调整停车管理的通知", None, None, False, None),
        ("澜江市人才落户办法", "江府规〔2001〕1号", None, False, None),
    ],
)
def test_titles(title: str, number: str | None, of: str | None, bare: bool, found: str | None) -> None:
    assert Catalogue(ENTRIES).find(title, number, of, bare) == found


STEPS = st.tuples(
    st.builds(Step, st.just("条"), st.integers(1, 1300), st.sampled_from([0, 0, 0, 1, 2])),
    st.one_of(st.none(), st.builds(Step, st.just("款"), st.integers(1, 9))),
    st.one_of(st.none(), st.builds(Step, st.just("项"), st.integers(1, 30))),
    st.one_of(st.none(), st.builds(Step, st.just("目"), st.integers(1, 9))),
).map(lambda steps: tuple(s for s in steps if s is not None))


@given(STEPS)
def test_an_address_reads_as_it_is_written(steps: tuple[Step, ...]) -> None:
    assert parse("".join(map(str, steps))) == steps


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 4)), min_size=1, max_size=12))
def test_every_article_and_item_is_found_by_its_address(shape: list[tuple[int, int]]) -> None:
    lines = ["澜江市试验办法", ""]
    for n, (paragraphs, items) in enumerate(shape, 1):
        lines.append(f"第{n}条 试验的第{n}件事。")
        lines += [f"另有{k}件事。" for k in range(paragraphs)]
        lines += [f"（{'一二三四'[k]}）事项{k}；" for k in range(items if items > 1 else 0)]
    ((_, clauses),) = read_documents("\n".join(lines).encode(), "a.txt")
    book = AddressBook(clauses)
    for clause in clauses:
        if parse(clause.address):
            assert book.find(parse(clause.address)) == clause, clause.address
