"""The command line, in this process: what it prints, and its exit status 0, 1 or 2."""

from __future__ import annotations

import json
import threading
import warnings
from pathlib import Path

import pytest
from test_index_encoder import tiny_transformer

from api.answer.service import EngineService
from api.cli import encoder_name, main
from qa.build import build_engine

GOOD = """甲山市支持园区若干措施

第一条 对新认定的国家级、省级园区，分别给予100万元、50万元奖励。

第二条 企业办事窗口设在市商务局，咨询材料应当在5个工作日内答复。

第三条 本措施自2026年1月1日起施行，有效期至2028年12月31日。
"""
OTHER = "甲山市停车管理办法\n\n第一条 公共停车场首次停车30分钟内免收停车费。\n\n第二条 违反规定的，处200元罚款。\n"
QUESTION = "新认定的国家级园区奖励多少？"
Captured = pytest.CaptureFixture[str]


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("files")
    (folder / "好.txt").write_text(GOOD, "utf-8")
    (folder / "旧编码.txt").write_bytes(OTHER.encode("gb18030"))
    (folder / "空.txt").write_bytes(b"")
    (folder / "图.bin").write_bytes(bytes(range(256)) * 64)
    return folder


@pytest.fixture(scope="module")
def data(files: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("cli") / "data"
    assert main(["ingest", str(files / "好.txt"), str(files / "旧编码.txt"), "--data", str(folder)]) == 0
    return folder


@pytest.fixture(autouse=True)
def builtin(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TIAOWEN_ENCODER", raising=False)


# --- ingest ---------------------------------------------------------------------------------------------------------


def test_bad_files_are_named_and_the_good_ones_go_in(files: Path, tmp_path: Path, capsys: Captured) -> None:
    assert main(["ingest", str(files), "--data", str(tmp_path / "d")]) == 1
    told = capsys.readouterr()
    rejected = {
        line.split("：")[0].removeprefix("未导入 "): line for line in told.err.splitlines() if line.startswith("未导入")
    }
    assert set(rejected) == {"空.txt", "图.bin"}
    assert "empty_file" in rejected["空.txt"] and "not_text" in rejected["图.bin"]
    assert "新增 2" in told.out and "未导入 2" in told.out and "索引" in told.out
    assert main(["documents", "--data", str(tmp_path / "d"), "--json"]) == 0
    documents = json.loads(capsys.readouterr().out)["documents"]
    assert {d["title"] for d in documents} == {"甲山市支持园区若干措施", "甲山市停车管理办法"}


def test_a_second_time_nothing_is_read_or_built(files: Path, data: Path, capsys: Captured) -> None:
    before = {p: p.stat().st_mtime_ns for p in (data / "index").rglob("*") if p.is_file()}
    assert before
    assert main(["ingest", str(files / "好.txt"), str(files / "旧编码.txt"), "--data", str(data)]) == 0
    out = capsys.readouterr().out
    assert "新增 0" in out and "未变 2" in out and "索引未变" in out
    assert {p: p.stat().st_mtime_ns for p in (data / "index").rglob("*") if p.is_file()} == before


def test_a_path_that_does_not_exist(tmp_path: Path, capsys: Captured) -> None:
    assert main(["ingest", str(tmp_path / "nothing"), "--data", str(tmp_path / "d")]) == 1
    told = capsys.readouterr()
    assert "nothing" in told.err and "提示：" in told.err and "Traceback" not in told.err


def test_dropped_files_are_gone(files: Path, tmp_path: Path, capsys: Captured) -> None:
    folder = str(tmp_path / "d")
    assert main(["ingest", str(files / "好.txt"), str(files / "旧编码.txt"), "--data", folder]) == 0
    assert main(["drop", "好.txt", "--data", folder]) == 0
    assert "已移除 1 个文件" in capsys.readouterr().out
    assert main(["documents", "--data", folder, "--json"]) == 0
    assert [d["title"] for d in json.loads(capsys.readouterr().out)["documents"]] == ["甲山市停车管理办法"]
    assert main(["drop", "好.txt", "--data", folder]) == 1
    assert "错误：" in capsys.readouterr().err


# --- ask, search, documents ---------------------------------------------------------------------------------------------


def test_ask_prints_the_answer_and_where_it_stands(data: Path, capsys: Captured) -> None:
    assert main(["ask", QUESTION, "--data", str(data)]) == 0
    out = capsys.readouterr().out
    assert out.startswith("100万元") and "《甲山市支持园区若干措施》第一条" in out
    assert "分别给予100万元、50万元奖励" in out and "好.txt 第 3 行" in out


def test_ask_as_json_is_the_body_of_the_contract(data: Path, capsys: Captured) -> None:
    assert main(["ask", QUESTION, "--data", str(data), "--json", "--top-k", "1"]) == 0
    body = json.loads(capsys.readouterr().out)
    assert (body["status"], body["answer"], len(body["passages"])) == ("answered", "100万元", 1)
    assert body["question"] == QUESTION and body["citations"][0]["quote"] in GOOD


def test_a_refusal_is_no_failure(data: Path, capsys: Captured) -> None:
    assert main(["ask", "给我讲个笑话", "--data", str(data)]) == 0
    assert "只回答" in capsys.readouterr().out
    assert main(["ask", "低空飞行器购置补贴多少？", "--data", str(data)]) == 0
    assert "·" in capsys.readouterr().out, "the nearest clauses are shown"


def test_search(data: Path, capsys: Captured) -> None:
    assert main(["search", "停车费", "--data", str(data)]) == 0
    assert capsys.readouterr().out.startswith("1. ")
    assert main(["search", "停车费", "--data", str(data), "--json", "--top-k", "2"]) == 0
    passages = json.loads(capsys.readouterr().out)["passages"]
    assert [p["rank"] for p in passages] == [1, 2] and "停车" in passages[0]["text"]


def test_documents(data: Path, capsys: Captured) -> None:
    assert main(["documents", "--data", str(data)]) == 0
    out = capsys.readouterr().out.splitlines()
    assert len(out) == 2 and any("甲山市支持园区若干措施" in line and "好.txt:1" in line for line in out)


@pytest.mark.parametrize("command", [["ask", "奖励多少？"], ["search", "奖励"], ["documents"], ["serve"]])
def test_without_data_the_error_says_what_to_do(command: list[str], tmp_path: Path, capsys: Captured) -> None:
    assert main([*command, "--data", str(tmp_path / "none")]) == 1
    err = capsys.readouterr().err
    assert "错误：" in err and "tiaowen ingest" in err and "Traceback" not in err


@pytest.mark.parametrize(
    "arguments",
    [
        ["ask", "问" * 501],
        ["ask", "  "],
        ["search", "问" * 501],
        ["ask", "奖励多少？", "--top-k", "0"],
        ["ask", "奖励多少？", "--top-k", "51"],
        ["serve", "--port", "70000"],
        ["serve", "--workers", "65"],
        ["restore"],
        ["ask"],
        ["nothing"],
        [],
    ],
)
def test_wrong_use(arguments: list[str], data: Path, capsys: Captured) -> None:
    with pytest.raises(SystemExit) as caught:
        main([*arguments, "--data", str(data)] if arguments[:1] in (["ask"], ["search"]) else arguments)
    assert caught.value.code == 2 and capsys.readouterr().err


# --- another encoder, evaluation ----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the first import of sentence-transformers warns of its own parts
        return tiny_transformer(tmp_path_factory.mktemp("encoder") / "tiny", {"query": "问：", "document": "文："})


def test_an_encoder_of_the_operators(
    files: Path, tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    monkeypatch.setenv("TIAOWEN_ENCODER", f" {tiny} ")
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    assert encoder_name() == str(tiny)
    folder = tmp_path / "d"
    assert main(["ingest", str(files / "好.txt"), "--data", str(folder)]) == 0
    assert main(["ask", QUESTION, "--data", str(folder), "--json"]) == 0
    body = json.loads(capsys.readouterr().out.partition("{")[2].join(["{", ""]))
    assert body["passages"] and body["status"] in ("answered", "refused")
    monkeypatch.delenv("TIAOWEN_ENCODER")
    assert main(["ask", QUESTION, "--data", str(folder)]) == 1
    err = capsys.readouterr().err
    assert "编码模型" in err and "提示：" in err
    failures: list[BaseException] = []
    service = EngineService(build_engine(folder), failures.append)
    service.warm_up().join(30)
    assert not service.ready() and "编码模型" in str(failures[0])
    assert main(["ingest", str(files / "好.txt"), "--data", str(folder)]) == 0, "and ingest builds it anew"
    assert main(["ask", QUESTION, "--data", str(folder)]) == 0
    assert "100万元" in capsys.readouterr().out


def test_an_encoder_that_does_not_exist(
    files: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    monkeypatch.setenv("TIAOWEN_ENCODER", str(tmp_path / "no such model"))
    assert main(["ingest", str(files / "好.txt"), "--data", str(tmp_path / "d")]) == 1
    assert "错误：" in capsys.readouterr().err


def test_a_reranker_that_does_not_exist(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    monkeypatch.setenv("TIAOWEN_RERANKER", str(tmp_path / "no such model"))
    assert main(["ask", QUESTION, "--data", str(data)]) == 1
    assert "TIAOWEN_RERANKER" in capsys.readouterr().err


@pytest.mark.parametrize("value", ["many", "-0.1", "1.5", "nan"])
def test_a_rate_of_wrong_answers_that_cannot_be(
    value: str, data: Path, monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    monkeypatch.setenv("TIAOWEN_MAX_WRONG_RATE", value)
    assert main(["ask", QUESTION, "--data", str(data)]) == 1
    assert "TIAOWEN_MAX_WRONG_RATE" in capsys.readouterr().err


def test_no_wrong_answer_at_all_is_only_refusals(data: Path, monkeypatch: pytest.MonkeyPatch, capsys: Captured) -> None:
    monkeypatch.setenv("TIAOWEN_MAX_WRONG_RATE", "0")
    assert main(["ask", QUESTION, "--data", str(data)]) == 0
    assert "不作回答" in capsys.readouterr().out


def test_eval_is_a_command(data: Path, tmp_path: Path, capsys: Captured) -> None:
    row = {"id": "1", "question": QUESTION, "type": "amount", "style": "formal", "answers": ["100万元"]}
    row |= {"quote": "分别给予100万元、50万元奖励"}
    gold = tmp_path / "gold.jsonl"
    gold.write_text(json.dumps(row, ensure_ascii=False) + "\n", "utf-8")
    assert main(["eval", str(gold), "--data", str(data), "--out", str(tmp_path / "out")]) == 0
    report = json.loads((tmp_path / "out" / "report.json").read_text("utf-8"))
    assert report["figures"]["both"] == 1.0 and report["figures"]["n"] == 1.0
    assert "both" in capsys.readouterr().out


def test_help_names_every_command(capsys: Captured) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["--help"])
    out = capsys.readouterr().out
    assert caught.value.code == 0
    assert all(name in out for name in ("ingest", "serve", "ask", "search", "documents", "eval"))


def test_no_thread_is_left_over() -> None:
    assert not [t for t in threading.enumerate() if t.name == "warm-up"]


# --- what is left out, archives ---------------------------------------------------------------------------------------


def deck() -> bytes:
    """A presentation with a hidden slide."""
    from test_corpus_readers_pptx import deck, shape

    return deck(shape("停车办法", "title") + shape("第一条 每小时5元。"), shape("草稿"), show="0")


def test_ingest_says_in_a_line_what_was_left_out(tmp_path: Path, capsys: Captured) -> None:
    (tmp_path / "汇报.pptx").write_bytes(deck())
    assert main(["ingest", str(tmp_path / "汇报.pptx"), "--data", str(tmp_path / "d")]) == 0
    assert "汇报.pptx：未计入正文：隐藏内容 1 处（可用 tiaowen read 查看）" in capsys.readouterr().out


def test_files_that_went_from_an_archive_are_told(tmp_path: Path, capsys: Captured) -> None:
    from test_corpus_archives import NOTICE, OTHER, zipped

    path, folder = tmp_path / "包.zip", str(tmp_path / "d")
    path.write_bytes(zipped(("停车.txt", NOTICE.format(5)), ("落户.txt", OTHER)))
    assert main(["ingest", str(path), "--data", folder]) == 0
    path.write_bytes(zipped(("停车.txt", NOTICE.format(5))))
    assert main(["ingest", str(path), "--data", folder]) == 0
    out = capsys.readouterr().out
    assert "随之移除：包.zip/落户.txt" in out and "未变 1，未导入 0，移除 1" in out
    assert main(["drop", "包.zip", "--data", folder]) == 0
    assert "现有文件 0 份" in capsys.readouterr().out


def test_read_shows_how_a_file_is_read_without_taking_it_in(tmp_path: Path, capsys: Captured) -> None:
    from test_corpus_archives import NOTICE, zipped

    path = tmp_path / "包.zip"
    path.write_bytes(zipped(("停车.txt", NOTICE.format(5)), ("汇报.pptx", deck()), ("坏.txt", b"")))
    assert main(["read", str(path), "--clauses"]) == 1
    out, err = capsys.readouterr()
    assert (
        "包.zip/停车.txt：文件 1 份" in out
        and "《甲市停车办法》" in out
        and "第一条  第一条 停车收费每小时5元。" in out
    )
    assert "施行 2025-01-01" in out and "隐藏内容：草稿" in out and "不能读 包.zip/坏.txt" in err
    assert main(["read", str(path), "--json"]) == 1
    told = json.loads(capsys.readouterr().out)["files"]
    assert [file["file"] for file in told] == ["包.zip/停车.txt", "包.zip/汇报.pptx"]
    assert told[1]["left_out"] == [{"reason": "hidden", "text": "草稿"}]
    assert [c["address"] for c in told[0]["documents"][0]["clauses"]] == ["标题", "第一条", "第二条"]
