"""The light reranker: its features, its model, and what it was trained on."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from conftest import SHARED
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from test_index_snapshot import HashEncoder

from index.candidates import Candidates
from index.encoder import Encoder, load_encoder
from index.errors import EncoderError
from index.light import FOLDER, MODEL, LightReranker, scaled
from index.light_features import FEATURES, QUERY_FEATURES, Reading, features
from index.searcher import Searcher
from index.snapshot import Snapshot, build_snapshot
from index.tokens import Tokenizer
from index.types import Passage

LAW = "中华人民共和国劳动合同法"
TOKENIZER = Tokenizer()
RERANKER = LightReranker()
PASSAGES = [
    Passage("a", "用人单位拖欠劳动报酬的，劳动者可以申请支付令。", f"{LAW} 第三十条", "law"),
    Passage("b", "为了完善劳动合同制度，制定本法。", f"{LAW} 第一条", "law"),
    Passage(
        "c", "拖欠工资的处理；由人民法院审理。", "最高人民法院关于审理劳动争议案件适用法律问题的解释 第二条", "court"
    ),
    Passage("d", "养犬应当登记。", "某市养犬管理办法 第三条", "dogs"),
    Passage("e", "！？", "", "none"),
]
ASKED = "老板拖欠工资怎么办？"


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    return build_snapshot(PASSAGES, tmp_path_factory.mktemp("light"), load_encoder())


@cache
def builtin() -> Encoder:
    return load_encoder()


class Shown:
    """A reranker that keeps what it was shown."""

    id = "shown"
    found: Candidates

    def scores(self, found: Candidates) -> NDArray[np.float32]:
        self.found = found
        return np.zeros(len(found), dtype=np.float32)


def shown(snapshot: Snapshot, query: str, encoder: Encoder | None = None) -> Candidates:
    reranker = Shown()
    Searcher(snapshot, encoder or builtin(), TOKENIZER, reranker=reranker).search(query, 3)
    return reranker.found


def column(table: NDArray[np.float32], name: str) -> list[float]:
    values: list[float] = table[:, FEATURES.index(name)].tolist()
    return values


# -- features ----------------------------------------------------------------------------------------------------------


def test_features_say_what_they_are_called(snapshot: Snapshot) -> None:
    found = shown(snapshot, ASKED)
    own, asked = features(found, Reading.of(snapshot, found.encoder))
    assert own.shape == (len(found), len(FEATURES))
    assert asked.shape == (len(QUERY_FEATURES),)
    place = {passage.id: at for at, passage in enumerate(found.passages)}
    for name, first, second in (
        ("law", "a", "c"),
        ("law", "a", "d"),  # 办法 is no law
        ("interpretation", "c", "a"),
        ("cover_pairs", "c", "a"),  # 拖欠工资 against 拖欠
        ("best_sentence", "c", "a"),
        ("near_words", "a", "d"),
        ("same_document", "a", "c"),
        ("sentences", "c", "d"),
        ("length", "a", "d"),
    ):
        assert column(own, name)[place[first]] > column(own, name)[place[second]], name
    np.testing.assert_allclose(
        column(own, "bm25"), np.add(column(own, "bm25_pairs"), column(own, "bm25_characters")), rtol=1e-4
    )


@settings(max_examples=30, deadline=None)
@given(query=st.one_of(st.text(min_size=1, max_size=60), st.text("拖欠工资的老板A1，。？ ", min_size=1, max_size=40)))
def test_any_question_has_finite_features_and_scores(snapshot: Snapshot, query: str) -> None:
    found = shown(snapshot, query)
    own, asked = features(found, Reading.of(snapshot, found.encoder))
    assert np.isfinite(own).all()
    assert np.isfinite(asked).all()
    for name in ("cover_pairs", "cover_characters", "cover_local", "best_sentence", "cover_context"):
        assert all(-1e-5 <= value <= 1 + 1e-5 for value in column(own, name)), name
    assert np.isfinite(RERANKER.scores(found)).all()


@given(
    st.integers(1, 6).flatmap(
        lambda n: st.lists(st.lists(st.floats(-1e6, 1e6, width=32), min_size=3, max_size=3), min_size=n, max_size=n)
    )
)
def test_scaled_features_are_bounded_and_follow_their_rows(rows: list[list[float]]) -> None:
    values = np.array(rows, dtype=np.float32)
    once = scaled(values)
    assert np.isfinite(once).all()
    assert np.abs(once).max() <= 4
    np.testing.assert_allclose(scaled(values[::-1])[::-1], once, atol=1e-2)


def test_other_encoders_have_no_vectors_of_words(tmp_path: Path) -> None:
    encoder = HashEncoder()
    snapshot = build_snapshot(PASSAGES, tmp_path, encoder)
    found = shown(snapshot, ASKED, encoder)
    own, _ = features(found, Reading.of(snapshot, encoder))
    assert not any(column(own, "near_words"))
    np.testing.assert_allclose(column(own, "cosine_64"), column(own, "cosine"), atol=1e-5)
    assert np.isfinite(LightReranker().scores(found)).all()


# -- the model ---------------------------------------------------------------------------------------------------------


def test_the_searcher_orders_by_it(snapshot: Snapshot) -> None:
    reranker = LightReranker()
    searcher = Searcher(snapshot, load_encoder(), Tokenizer(), reranker=reranker)
    hits = searcher.search(ASKED, 5)
    fused = searcher.search(ASKED, 5, mode="fused")
    assert {hit.passage.id for hit in hits} == {hit.passage.id for hit in fused}
    scores = reranker.scores(shown(snapshot, ASKED))
    order = np.argsort(-scores, kind="stable")
    found = shown(snapshot, ASKED)
    assert [hit.passage.id for hit in hits] == [found.passages[at].id for at in order]
    assert searcher.search(ASKED, 5) == hits
    assert [hit.passage.id for hit in searcher.search(ASKED, 5, frozenset(["dogs"]))] == ["d"]
    assert searcher.search(ASKED, 5, frozenset()) == []


def test_several_indexes_and_threads_share_one(snapshot: Snapshot, tmp_path: Path) -> None:
    other = build_snapshot(PASSAGES[::-1], tmp_path, load_encoder())
    reranker = LightReranker()
    lists = [shown(snapshot, ASKED), shown(other, ASKED)]
    alone = [LightReranker().scores(found) for found in lists]
    wrong: list[int] = []

    def ask(at: int) -> None:
        wrong.extend(at for _ in range(20) if not np.array_equal(reranker.scores(lists[at]), alone[at]))

    threads = [threading.Thread(target=ask, args=(at % 2,)) for at in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def cut(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-8])


def renamed(file: Path) -> None:
    file.write_bytes(file.read_bytes().replace(b"bm25 cosine", b"bm26 cosine"))


@pytest.mark.parametrize("damage", [Path.unlink, cut, renamed])
def test_a_damaged_model_is_told(tmp_path: Path, damage: Callable[[Path], None]) -> None:
    (tmp_path / MODEL).write_bytes((FOLDER / MODEL).read_bytes())
    assert LightReranker(tmp_path).id == LightReranker().id
    damage(tmp_path / MODEL)
    with pytest.raises(EncoderError, match="重排模型"):
        LightReranker(tmp_path)


def test_the_card_names_what_every_model_card_must() -> None:
    card = (FOLDER / "README.md").read_text("utf-8")
    for part in ("## How it was made", "## Figures", "## Limits", "python -m index.training.light", "licence"):
        assert part in card
    assert (FOLDER / MODEL).stat().st_size < 1 << 20


# -- training ----------------------------------------------------------------------------------------------------------


def examples() -> list[object]:
    """Questions whose right candidate is the one with the highest "bm25"; everything else is noise."""
    from index.training.light_data import Example

    rng = np.random.default_rng(3)
    made: list[object] = []
    for number in range(120):
        own = rng.normal(size=(8, len(FEATURES))).astype(np.float32)
        asked = rng.normal(size=len(QUERY_FEATURES)).astype(np.float32)
        right = np.arange(8) == int(own[:, FEATURES.index("bm25")].argmax())
        kind = ("statutes", "reading", "laws")[number % 3]
        made.append(Example(kind, f"{number}", own, asked, right, 1, number % 4))
    return made


def test_training_learns_and_is_repeatable(tmp_path: Path) -> None:
    from index.training.light import Recipe, cross_validated, fit, save

    rows, recipe = examples(), Recipe(epochs=8, batch=16, rate=0.02, seeds=(0, 1))
    weights = fit(rows, recipe)  # type: ignore[arg-type]
    again = fit(rows, recipe)  # type: ignore[arg-type]
    assert all(np.array_equal(weights[name], again[name]) for name in weights)
    for before, after in cross_validated(rows, recipe).values():  # type: ignore[arg-type]
        assert after > before + 0.2
    save(weights, tmp_path)
    assert LightReranker(tmp_path).id != LightReranker().id


def test_questions_that_share_an_article_are_in_the_same_part() -> None:
    from index.training.light_data import components

    numbers = components([["a", "b"], ["c"], ["b", "d"], ["d"], ["e", "c"]])
    assert numbers[0] == numbers[2] == numbers[3]
    assert numbers[1] == numbers[4]
    assert numbers[0] != numbers[1]


def bare(text: str) -> str:
    return re.sub(r"\W", "", text)


@pytest.mark.shared
def test_no_dev_question_is_trained_on() -> None:
    from index.training.light_data import HALVES, reading, statutes

    trained = [statutes(SHARED, half) for half in HALVES] + [reading(SHARED, half) for half in HALVES]
    ids = [set(asked.questions) for asked in trained]
    texts = {bare(text) for asked in trained for text, _ in asked.questions.values()}
    dev = {line.split("\t")[0] for line in (SHARED / "statutes/qrels/dev.tsv").read_text("utf-8").splitlines()[1:]}
    rows = [json.loads(line) for line in (SHARED / "statutes/queries.jsonl").read_text("utf-8").splitlines()]
    asked_dev: Sequence[str] = [bare(row["text"]) for row in rows if row["_id"] in dev]
    others = [
        bare(json.loads(line).get("question", "-"))
        for name in ("equals/questions.dev.jsonl", "legaldc/questions.jsonl", "questions/policy.dev.jsonl")
        for line in (SHARED / name).read_text("utf-8").splitlines()
    ]
    assert len(dev) > 100
    assert len(texts) > 2000
    assert not dev & set().union(*ids[:2])
    assert not texts & {*asked_dev, *others}
    assert not ids[0] & ids[1]
    right = [set().union(*(own for _, own in asked.questions.values())) for asked in trained[:2]]
    assert not right[0] & right[1]
