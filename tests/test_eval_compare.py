"""The comparison on a small set with our rows and a peer that needs nothing, its tasks, and the large made-up corpus."""

import json
import sys
from pathlib import Path

import numpy as np
import pytest

from eval import compare as comparing
from eval import rows, scale
from eval.compare import Comparison, Outcome, compare, figures_of, main, print_comparison, write_comparison
from eval.datasets import BadDataset
from eval.memory import now_mb, peak_mb
from eval.peers.registry import PEERS
from eval.peers.types import PeerMissing, characters, jieba_words, needed
from eval.rows import Built, Measured, RowFailed, build_here, in_fresh_process, own_rows, search_here, write_collection
from eval.scale import enlarged, exact_scores, recall_against
from eval.tasks import Suite, equals_task, judged_by, policy_task, quotes_task, read_suite, thinned
from index.types import Passage

TEXTS = {
    "d0": "为了规范资金管理，制定本办法。",
    "d1": "奖励资金由市财政局拨付，不超过100万元。",
    "d2": "本办法自2025年7月1日起施行。",
    "d3": "申报材料应当真实完整。",
}
PASSAGES = tuple(Passage(id=ident, text=text, context=f"第{n}条") for n, (ident, text) in enumerate(TEXTS.items()))
ASKED = {"q1": "谁拨付奖励资金", "q2": "办法何日施行"}
QRELS = {"q1": {"d1": 1}, "q2": {"d2": 1}}


def task(name: str = "small") -> comparing.Task:
    parts = {"unseen": frozenset({"q2"})}
    return comparing.Task(name, "small", ASKED, judged_by(QRELS, (1, 10)), ("recall@10",), parts)


@pytest.fixture
def collection(tmp_path: Path) -> Path:
    write_collection(tmp_path / "small", PASSAGES, {"small": ASKED})
    return tmp_path / "small"


# -- rows --------------------------------------------------------------------------------------------------------------


def test_our_rows_are_the_modes_of_the_searcher_simple_ones_first() -> None:
    assert own_rows()[:3] == ("lexical", "dense", "fused")


def test_rows_in_this_process(collection: Path) -> None:
    built = build_here(collection, "builtin")
    assert built.build_seconds > 0
    assert built.build_peak_mb > 10
    for row in (*own_rows(), "bm25s-chars"):
        measured = search_here(collection, row, "builtin")
        assert measured.runs["small"]["q1"][0] == "d1"
        assert measured.runs["small"]["q2"][0] == "d2"
        speed = measured.speed("small")
        assert 0 < speed["p50_ms"] <= speed["p95_ms"]
        assert (measured.build_seconds > 0) == (row in PEERS)


def test_a_process_of_its_own_says_what_it_measured(collection: Path) -> None:
    built = rows.build(collection)
    assert built.build_seconds > 0
    measured = rows.search(collection, "lexical")
    assert measured.runs["small"]["q1"][0] == "d1"
    assert measured.search_mb > 10


def test_a_process_that_fails_or_takes_too_long_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(RowFailed, match="还没有索引"):
        rows.search(tmp_path, "lexical")
    (tmp_path / "slow.py").write_text("import time; time.sleep(30)")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with pytest.raises(RowFailed, match="超过"):
        in_fresh_process("slow", [], tmp_path / "out", seconds=0.2)
    (tmp_path / "empty.py").write_text("")
    with pytest.raises(RowFailed, match="退出状态 0"):
        in_fresh_process("empty", [], tmp_path / "out")


def test_memory() -> None:
    assert 10 < now_mb() <= peak_mb() + 1


# -- peers -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["bm25s-words", "bm25s-chars"])
def test_a_peer_finds(name: str) -> None:
    peer = PEERS[name]()
    peer.build(list(TEXTS.values()))
    assert peer.search("谁拨付奖励资金", 2)[0] == 1
    assert peer.search("？！", 2) == []
    assert len(peer.search("办法", 10)) == 2


@pytest.mark.parametrize("name", sorted(PEERS.keys() - {"bm25s-words", "bm25s-chars"}))
def test_a_peer_that_is_not_installed_says_so(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("haystack", "txtai", "rank_bm25"):
        monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(PeerMissing, match="没有安装"):
        PEERS[name]().build(list(TEXTS.values()))


def test_what_is_missing_is_named() -> None:
    with pytest.raises(PeerMissing, match="没有安装 some-package") as raised:
        needed("no_such_module_at_all", "some-package")
    assert "[peers]" in raised.value.hint


def test_tokens_for_peers() -> None:
    assert characters("最高 A1。") == ["最", "高", "a", "1"]
    assert jieba_words("奖励，100 万元！") == ["奖励", "100", "万元"]


# -- the comparison ----------------------------------------------------------------------------------------------------


def outcome(found: dict[str, list[str]], built: Built | None = None) -> Outcome:
    measured = Measured({"small": found}, {"small": [1.0, 3.0]}, 50.0, 2.0, 70.0)
    return Outcome(judged_by(QRELS, (1, 10))(found, TEXTS), measured, built)


@pytest.fixture
def comparison() -> Comparison:
    ours = outcome({"q1": ["d1"], "q2": ["d2", "d0"]}, Built(4.0, 90.0))
    theirs = outcome({"q1": ["d1"], "q2": ["d0"]})
    suite = Suite((task(),), {"small": PASSAGES})
    return Comparison(suite, {"small": {"fused": ours, "txtai": theirs}}, "fused", {"small/haystack": "没有安装"})


def test_figures(comparison: Comparison) -> None:
    figures = figures_of(comparison)
    assert (figures["small/passages"], figures["small/queries"], figures["small/unseen/queries"]) == (4, 2, 1)
    assert (figures["small/fused/recall@10"], figures["small/txtai/recall@10"]) == (1, 0.5)
    assert figures["small/txtai/unseen/recall@10"] == 0
    assert (figures["small/fused/build_seconds"], figures["small/fused/build_peak_mb"]) == (4, 90)
    assert (figures["small/txtai/build_seconds"], figures["small/txtai/build_peak_mb"]) == (2, 70)
    assert (figures["small/txtai/p50_ms"], figures["small/txtai/queries_per_s"]) == (2, 500)
    assert figures["small/fused-txtai/recall@10/mean"] == 0.5
    assert 0 < figures["small/fused-txtai/recall@10/p"] <= 1
    assert "small/fused-fused/recall@10/mean" not in figures


def test_what_is_printed_and_written(
    comparison: Comparison, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    print_comparison(comparison)
    printed = capsys.readouterr().out
    assert "small：4 条，2 个问题" in printed
    assert "其中 unseen（1）" in printed
    assert "fused 减" in printed
    assert "未完成 small/haystack：没有安装" in printed
    write_comparison(comparison, tmp_path, {"encoder": "builtin-x"}, "dev")
    report = json.loads((tmp_path / "report.json").read_text("utf-8"))
    assert report["figures"] == figures_of(comparison)
    assert report["settings"] == {"encoder": "builtin-x", "failed/small/haystack": "没有安装"}
    assert (tmp_path / "runs" / "small.fused.trec").read_text().splitlines()[1] == "q2 Q0 d2 1 2 fused"


def test_rows_that_fail_are_told_and_the_others_go_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def search(folder: Path, row: str, encoder: str, python: str, seconds: float | None) -> Measured:
        assert (folder / "passages.jsonl").is_file()
        assert (seconds is None) == (row not in PEERS)
        if row == "txtai":
            raise RowFailed("没有安装 txtai", "")
        return Measured({"small": {"q1": ["d1"]}}, {"small": [1.0, 1.0]}, 1.0)

    monkeypatch.setattr(comparing, "search", search)
    monkeypatch.setattr(comparing, "build", lambda folder, encoder: Built(1.0, 1.0))
    monkeypatch.setattr(comparing, "PEER_COLLECTIONS", ("small",))
    monkeypatch.setattr(comparing, "TOO_LARGE_FOR_SLOW", ("small",))
    suite = Suite((task(),), {"small": PASSAGES})
    done = compare(suite, tmp_path, ("lexical", "fused"), ("txtai", "rank_bm25", "haystack"))
    assert list(done.outcomes["small"]) == ["lexical", "fused", "rank_bm25"]
    assert done.failed == {"small/txtai": "没有安装 txtai"}
    assert (done.base, done.outcomes["small"]["fused"].values["recall@10"]) == ("fused", {"q1": 1, "q2": 0})
    done = compare(suite, tmp_path, ("fused",), ("haystack",), slow=True)
    assert list(done.outcomes["small"]) == ["fused", "haystack"]


def test_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shared = small_shared(tmp_path)
    given = ["--shared", str(shared), "--tasks", "statutes,equals", "--rows", "lexical", "--peers", "none"]
    assert main([*given, "--out", str(tmp_path / "out")]) == 0
    assert "equals：4 条，1 个问题" in capsys.readouterr().out
    figures = json.loads((tmp_path / "out" / "report.json").read_text("utf-8"))["figures"]
    assert figures["statutes/lexical/recall@10"] == figures["equals/lexical/recall@10"] == 1
    assert main(["--shared", str(tmp_path / "nowhere"), "--peers", "none"]) == 1
    with pytest.raises(SystemExit) as raised:
        main([*given, "--peers", "nobody"])
    assert raised.value.code == 2
    assert "不认识 nobody" in capsys.readouterr().err


# -- tasks -------------------------------------------------------------------------------------------------------------


def small_shared(folder: Path) -> Path:
    shared = folder / "shared"
    (shared / "statutes" / "qrels").mkdir(parents=True)
    (shared / "equals").mkdir()
    documents = [{"_id": ident, "title": "", "text": text} for ident, text in TEXTS.items()]
    queries = [{"_id": ident, "text": text} for ident, text in ASKED.items()]
    equals = [{"id": "e1", "question": "材料要真实吗", "gold": ["d3"]}]
    for name, lines in (
        ("statutes/corpus", documents),
        ("statutes/queries", queries),
        ("equals/questions.dev", equals),
    ):
        (shared / f"{name}.jsonl").write_text("\n".join(json.dumps(line) for line in lines), "utf-8")
    for split, query, document in (("dev", "q1", "d1"), ("train", "q2", "d2")):
        (shared / "statutes" / "qrels" / f"{split}.tsv").write_text(f"q\td\ts\n{query}\t{document}\t1\n")
    return shared


def test_suite(tmp_path: Path) -> None:
    suite = read_suite(small_shared(tmp_path), ["statutes", "statutes-tenth", "equals"])
    assert [task.name for task in suite.tasks] == ["statutes", "statutes-tenth", "equals"]
    assert suite.tasks[0].parts == {"unseen": {"q1"}}
    assert len(suite.collections["statutes"]) == 4
    assert [passage.id for passage in suite.collections["statutes-tenth"]] == ["d0", "d1"]


def test_thinned_keeps_what_is_gold() -> None:
    kept = thinned(PASSAGES, {"q": {"d3": 1, "d1": 0}}, every=2)
    assert [passage.id for passage in kept] == ["d0", "d2", "d3"]


def test_questions_on_articles(tmp_path: Path) -> None:
    path = tmp_path / "questions.jsonl"
    rows_ = [{"id": "e1", "question": "问", "gold": ["d1"]}, {"id": "e1", "question": "问", "gold": ["d2"]}]
    path.write_text("\n".join(map(json.dumps, rows_)), "utf-8")
    values = equals_task(path).judge({"e1": ["d1", "d0"]}, TEXTS)
    assert values["recall@10"] == {"e1": 0.5}
    path.write_text('{"id": "e1"}', "utf-8")
    with pytest.raises(BadDataset, match="第 1 行"):
        equals_task(path)
    with pytest.raises(BadDataset, match="无法读取"):
        equals_task(tmp_path / "absent")


def test_questions_with_quotes(tmp_path: Path) -> None:
    path = tmp_path / "questions.jsonl"
    row = {"id": "r1", "type": "retrieval", "question": "问", "quotes": [TEXTS["d1"], TEXTS["d3"]]}
    path.write_text(json.dumps(row), "utf-8")
    values = quotes_task(path).judge({"r1": ["d0", "d1", "d2"]}, TEXTS)
    assert values == {
        "recall@1": {"r1": 0},
        "recall@5": {"r1": 0.5},
        "recall@10": {"r1": 0.5},
        "mrr@10": {"r1": 0.5},
    }
    assert quotes_task(path).judge({}, TEXTS)["mrr@10"] == {"r1": 0}


def test_questions_on_policy(tmp_path: Path) -> None:
    path = tmp_path / "questions.jsonl"
    row = {
        "id": "p1",
        "type": "amount",
        "style": "formal",
        "question": "问",
        "quote": TEXTS["d1"],
        "answers": ["100万元"],
    }
    lines = [row, {"id": "p2", "type": "unanswerable", "question": "问"}]
    path.write_text("\n".join(map(json.dumps, lines)), "utf-8")
    policy = policy_task(path)
    assert policy.judge({"p1": ["d0", "d1"]}, TEXTS) == {"hit1": {"p1": 0}, "hit5": {"p1": 1}}
    assert policy.parts == {"formal": {"p1"}}


# -- scale -------------------------------------------------------------------------------------------------------------


def test_copies_are_changed_and_the_same_each_time() -> None:
    made = list(enlarged(PASSAGES, 11, jieba_words))
    assert made[:4] == list(PASSAGES)
    assert [passage.id for passage in made[4:9]] == ["d0~1", "d1~1", "d2~1", "d3~1", "d0~2"]
    assert len(made) == 11
    assert made == list(enlarged(PASSAGES, 11, jieba_words))
    assert made != list(enlarged(PASSAGES, 11, jieba_words, seed=1))
    assert len(list(enlarged(PASSAGES, 3, jieba_words))) == 3
    numbers = {word for passage in made for word in jieba_words(passage.text) if word.isdigit()}
    assert numbers <= {"100", "2025", "7", "1"}


def test_exact_scores_are_those_of_a_product(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scale, "_EXACT_AT_A_TIME", 7)
    generator = np.random.default_rng(5)
    vectors = generator.normal(size=(40, 8)).astype(np.float32)
    queries = generator.normal(size=(3, 8)).astype(np.float32)
    wanted = -np.sort(-(queries @ vectors.T), axis=1)[:, :10]
    np.testing.assert_allclose(exact_scores(vectors, queries, 10), wanted, rtol=1e-5)


def test_recall_of_an_approximate_search() -> None:
    exact = np.array([[0.9, 0.8], [0.7, 0.7]], dtype=np.float32)
    found = [np.array([0.9, 0.5], dtype=np.float32), np.array([0.7, 0.7, 0.1], dtype=np.float32)]
    assert recall_against(exact, found) == 0.75
