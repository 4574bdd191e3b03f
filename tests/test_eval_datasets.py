"""Question sets from files, and what is said of a broken line."""

import json
import lzma
from pathlib import Path

import pytest

from eval.datasets import (
    BadDataset,
    GoldConversation,
    GoldQuestion,
    GoldRetrieval,
    Unanswerable,
    is_beir,
    read_beir,
    read_gold,
)

CORPUS = [
    {"_id": "d1", "title": "办法 第一条", "text": "为了规范管理。", "metadata": {"heading": "第一章 总则"}},
    {"_id": "d2", "text": "本办法自发布之日起施行。"},
]
QUERIES = [{"_id": "q1", "text": "何时施行"}, {"_id": "q2", "text": "目的"}, {"_id": "q3", "text": "不评的问题"}]


def beir(folder: Path, packed: bool = False) -> Path:
    (folder / "qrels").mkdir(parents=True)
    corpus = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in CORPUS).encode()
    if packed:
        (folder / "corpus.jsonl.xz").write_bytes(lzma.compress(corpus))
    else:
        (folder / "corpus.jsonl").write_bytes(corpus)
    (folder / "queries.jsonl").write_text("".join(json.dumps(row) + "\n" for row in QUERIES), "utf-8")
    (folder / "qrels" / "dev.tsv").write_text("query-id\tcorpus-id\tscore\nq1\td2\t1\nq2\td1\t2\n", "utf-8")
    (folder / "qrels" / "train.tsv").write_text("query-id\tcorpus-id\tscore\nq3\td1\t1\n", "utf-8")
    return folder


@pytest.mark.parametrize("packed", [False, True])
def test_beir_folder(tmp_path: Path, packed: bool) -> None:
    data = read_beir(beir(tmp_path, packed), "dev")
    assert [(d.id, d.title, d.heading) for d in data.documents] == [
        ("d1", "办法 第一条", "第一章 总则"),
        ("d2", "", ""),
    ]
    assert [(q.id, q.text) for q in data.queries] == [("q1", "何时施行"), ("q2", "目的")]
    assert data.qrels == {"q1": {"d2": 1}, "q2": {"d1": 2}}
    assert data.train_documents == {"d1"}
    assert is_beir(tmp_path)
    assert not is_beir(tmp_path / "qrels")


def test_train_split_has_no_unseen_part(tmp_path: Path) -> None:
    assert read_beir(beir(tmp_path), "train").train_documents is None


def test_qrels_without_a_header(tmp_path: Path) -> None:
    (beir(tmp_path) / "qrels" / "dev.tsv").write_text("q1\td2\t1\n", "utf-8")
    assert read_beir(tmp_path, "dev").qrels == {"q1": {"d2": 1}}


@pytest.mark.parametrize(
    ("file", "content", "told"),
    [
        ("corpus.jsonl", '{"_id": "d1", "text": "甲"}\n{broken\n', "corpus.jsonl 第 2 行：不是合法的 JSON"),
        ("corpus.jsonl", '{"_id": "d1", "text": "甲"}\n\n{"_id": "d1", "text": "乙"}\n', "第 3 行：编号 d1 重复"),
        ("corpus.jsonl", '["d1"]\n', "第 1 行：应为 JSON 对象"),
        ("corpus.jsonl", '{"_id": "d1"}\n', "第 1 行：“text”应为非空字符串"),
        ("queries.jsonl", '{"_id": "q1", "text": 3}\n', "queries.jsonl 第 1 行"),
        ("qrels/dev.tsv", "query-id\tcorpus-id\tscore\nq1 d2 1\n", "dev.tsv 第 2 行"),
        ("qrels/dev.tsv", "query-id\tcorpus-id\tscore\n", "没有标注"),
        ("qrels/dev.tsv", "nobody\td2\t1\n", "nobody 不在 queries.jsonl 中"),
    ],
)
def test_broken_beir_folder(tmp_path: Path, file: str, content: str, told: str) -> None:
    (beir(tmp_path) / file).write_text(content, "utf-8")
    with pytest.raises(BadDataset) as error:
        read_beir(tmp_path, "dev")
    assert told in error.value.message
    assert error.value.hint
    assert error.value.code == "bad_dataset"


def test_not_utf8(tmp_path: Path) -> None:
    (beir(tmp_path) / "corpus.jsonl").write_bytes(
        '{"_id": "d1", "text": "甲"}\n{"_id": "d2", "text": "乙"}\n'.encode("gbk")
    )
    with pytest.raises(BadDataset, match="第 1 行：不是 UTF-8 文本"):
        read_beir(tmp_path, "dev")


def test_damaged_archive(tmp_path: Path) -> None:
    archive = beir(tmp_path, packed=True) / "corpus.jsonl.xz"
    archive.write_bytes(archive.read_bytes()[:-20])
    with pytest.raises(BadDataset, match="无法读取"):
        read_beir(tmp_path, "dev")


def test_missing_files(tmp_path: Path) -> None:
    with pytest.raises(BadDataset, match="没有 corpus.jsonl"):
        read_beir(tmp_path, "dev")
    with pytest.raises(BadDataset, match="无法读取"):
        read_beir(beir(tmp_path / "set"), "test")


def gold_file(folder: Path, *rows: object) -> Path:
    path = folder / "gold.jsonl"
    path.write_text("\n".join(json.dumps(row, ensure_ascii=False) for row in rows), "utf-8")
    return path


QUESTION = {
    "id": "a-1",
    "question": "奖多少？",
    "type": "amount",
    "style": "formal",
    "answers": ["3万元"],
    "quote": "奖励3万元",
}


def test_gold_rows_of_every_kind(tmp_path: Path) -> None:
    turn = {"question": "奖多少？", "answers": ["3万元"], "quote": "奖励3万元", "doc": "办法", "clause": "一"}
    question, conversation, unanswerable, retrieval = read_gold(
        gold_file(
            tmp_path,
            QUESTION | {"items": ["3万元"], "alt_quotes": ["3万"]},
            {"id": "a-c1", "type": "conversation", "turns": [turn, turn]},
            {"id": "a-u1", "type": "unanswerable", "style": "formal", "question": "今天天气？", "why": "离题"},
            {"id": "l-1", "type": "retrieval", "question": "目的？", "quotes": ["第一条　为了"], "title": "某法"},
        )
    )
    assert isinstance(question, GoldQuestion)
    assert (question.answers, question.items, question.alt_quotes) == (("3万元",), ("3万元",), ("3万",))
    assert isinstance(conversation, GoldConversation)
    assert [t.id for t in conversation.turns] == ["a-c1.0", "a-c1.1"]
    assert isinstance(unanswerable, Unanswerable)
    assert isinstance(retrieval, GoldRetrieval)
    assert retrieval.quotes == ("第一条　为了",)


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ({**QUESTION, "answers": []}, "“answers”应为非空字符串列表"),
        ({**QUESTION, "quote": ""}, "“quote”应为非空字符串"),
        ({**QUESTION, "items": "3万元"}, "“items”应为字符串列表"),
        ({"id": "a-c1", "type": "conversation", "turns": []}, "“turns”应为对象的非空列表"),
        ({"type": "amount"}, "“id”应为非空字符串"),
        ({"id": "l-1", "type": "retrieval", "question": "目的？"}, "“quotes”应为非空字符串列表"),
    ],
)
def test_broken_gold_row(tmp_path: Path, row: dict[str, object], told: str) -> None:
    with pytest.raises(BadDataset) as error:
        read_gold(gold_file(tmp_path, QUESTION, row))
    assert "第 2 行" in error.value.message
    assert told in error.value.message
