"""Encoders: the builtin model on numpy and through sentence-transformers, a small transformer, prompts, odd texts."""

from __future__ import annotations

import json
import lzma
import random
import subprocess
import sys
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from corpus.errors import PolicyError
from index import encoder as encoder_module
from index.encoder import Encoder, SentenceTransformerEncoder, StaticEncoder, load_encoder
from index.errors import EncoderError

ROOT = Path(__file__).resolve().parent.parent
MODEL = ROOT / "index" / "model"
ODD = ["", "　 \n\t", "😀🏭🎉", "\x00", "a\x00企业", "\ud800企业", "龘𠮷", "，。！？", "企业" * 5000, "ＡＢＣ１２３"]
USUAL = ["我们公司刚评上高新技术企业，能奖多少钱？", "对首次认定的企业给予50万元奖励。", "公司能补多少", "找哪个部门？"]


@pytest.fixture(scope="module")
def builtin() -> Encoder:
    return load_encoder()


@pytest.fixture(scope="module")
def sentence_transformers() -> Any:
    with warnings.catch_warnings():
        # The first import of torch and its companions warns of deprecated parts that they use among themselves.
        warnings.simplefilter("ignore")
        import sentence_transformers as module
    return module


@pytest.fixture(autouse=True)
def offline(monkeypatch: pytest.MonkeyPatch) -> None:
    import huggingface_hub.constants

    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)


def tiny_transformer(folder: Path, prompts: dict[str, str] | None) -> Path:
    """A BERT of two layers, 32 wide, with random weights and a vocabulary of a few characters, saved to `folder`."""
    import torch
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Pooling, Transformer
    from transformers import BertConfig, BertModel, BertTokenizerFast

    torch.manual_seed(1)
    base = folder.parent / f"{folder.name}-base"
    base.mkdir()
    tokens = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *"为这个句子生成表示以用于检索相关文章企业奖励补贴问："]
    vocabulary = base / "vocab.txt"
    vocabulary.write_text("\n".join(dict.fromkeys(tokens)), encoding="utf-8")
    BertTokenizerFast(str(vocabulary)).save_pretrained(base)
    config = BertConfig(
        vocab_size=len(dict.fromkeys(tokens)),
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=64,
        max_position_embeddings=64,
    )
    BertModel(config).save_pretrained(base)
    transformer = Transformer(str(base), max_seq_length=64)
    model = SentenceTransformer(modules=[transformer, Pooling(32, "mean")], prompts=prompts, device="cpu")
    model.save(str(folder), create_model_card=False)
    return folder


@pytest.fixture(scope="module")
def prompted(tmp_path_factory: pytest.TempPathFactory, sentence_transformers: Any) -> Path:
    return tiny_transformer(tmp_path_factory.mktemp("prompted") / "tiny", {"query": "问：", "document": "文："})


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory, sentence_transformers: Any) -> Path:
    return tiny_transformer(tmp_path_factory.mktemp("bare") / "bge-tiny", None)


def assert_contract(encoder: Encoder) -> None:
    """What every encoder owes: shape, type, length 1 or 0, no NaN, the same answer twice, any batch size."""
    for encode in (encoder.encode_queries, encoder.encode_passages):
        vectors = encode([*ODD, *USUAL])
        assert vectors.shape == (len(ODD) + len(USUAL), encoder.dim)
        assert vectors.dtype == np.float32
        lengths = np.linalg.norm(vectors, axis=1)
        assert np.all((np.abs(lengths - 1) < 1e-4) | (lengths == 0))
        assert np.array_equal(vectors, encode([*ODD, *USUAL]))
        assert np.allclose(vectors[-1], encode(USUAL[-1:])[0], atol=1e-5)
        assert encode([]).shape == (0, encoder.dim)


def test_builtin_keeps_the_contract(builtin: Encoder) -> None:
    assert_contract(builtin)
    assert builtin.id.startswith("builtin-")
    assert load_encoder().id == builtin.id


def test_transformer_keeps_the_contract(prompted: Path) -> None:
    assert_contract(load_encoder(str(prompted)))


@pytest.mark.parametrize("text", ["", "　 \n", "，。！？", "\x00", "😀", "龘𠮷"])
def test_text_without_known_tokens_is_the_zero_vector(builtin: Encoder, text: str) -> None:
    assert not builtin.encode_queries([text]).any()


@pytest.mark.parametrize("odd", ["𠮷", "😀", "\x00", "\ud800"])
def test_an_unknown_character_does_not_touch_its_neighbours(builtin: Encoder, odd: str) -> None:
    plain, mixed = builtin.encode_queries(["企业奖励", f"{odd}企业奖励{odd}"])
    assert plain @ mixed > 0.999


def test_builtin_means_something(builtin: Encoder) -> None:
    asked = builtin.encode_queries(["公司环境污染要罚多少钱"])[0]
    passages = ["企业造成环境污染的，处十万元罚款。", "夫妻应当互相忠实，互相尊重。", "企业可以申请出口退税。"]
    scores = builtin.encode_passages(passages) @ asked
    assert scores.argmax() == 0


def test_builtin_agrees_with_sentence_transformers(builtin: Encoder, sentence_transformers: Any) -> None:
    model = sentence_transformers.SentenceTransformer(str(MODEL), device="cpu")
    texts = [*(text for text in ODD if "\ud800" not in text), *USUAL, *USUAL[0]]
    theirs = model.encode(texts).astype(np.float32)
    lengths = np.linalg.norm(theirs, axis=1, keepdims=True)
    theirs = theirs / np.where(lengths > 0, lengths, 1)
    assert np.allclose(builtin.encode_passages(texts), theirs, atol=1e-3)


def test_builtin_is_small_and_static(builtin: Encoder) -> None:
    assert isinstance(builtin, StaticEncoder)
    assert sum(path.stat().st_size for path in MODEL.rglob("*") if path.is_file()) <= 20_000_000


@pytest.mark.parametrize("normalised", [False, True])
def test_any_static_folder_takes_the_fast_path(tmp_path: Path, sentence_transformers: Any, normalised: bool) -> None:
    from sentence_transformers.sentence_transformer.modules import Normalize, StaticEmbedding
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(MODEL / "tokenizer.json"))
    modules = [StaticEmbedding(tokenizer, embedding_dim=16), *([Normalize()] if normalised else [])]
    model = sentence_transformers.SentenceTransformer(modules=modules, device="cpu")
    model.save(str(tmp_path / "mine"), create_model_card=False)
    encoder = load_encoder(str(tmp_path / "mine"))
    assert isinstance(encoder, StaticEncoder)
    assert np.allclose(encoder.encode_queries(USUAL), model.encode(USUAL, normalize_embeddings=True), atol=1e-3)


def test_static_folder_with_prompts_takes_the_slow_path(tmp_path: Path, sentence_transformers: Any) -> None:
    from sentence_transformers.sentence_transformer.modules import StaticEmbedding
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(MODEL / "tokenizer.json"))
    modules = [StaticEmbedding(tokenizer, embedding_dim=16)]
    model = sentence_transformers.SentenceTransformer(modules=modules, device="cpu", prompts={"query": "企业"})
    model.save(str(tmp_path / "mine"), create_model_card=False)
    encoder = load_encoder(str(tmp_path / "mine"))
    assert isinstance(encoder, SentenceTransformerEncoder)
    assert np.allclose(encoder.encode_queries(["奖励"]), encoder.encode_passages(["企业奖励"]), atol=1e-5)


def test_prompts_of_the_config_are_applied(prompted: Path, sentence_transformers: Any) -> None:
    encoder = load_encoder(str(prompted))
    model = sentence_transformers.SentenceTransformer(str(prompted), device="cpu")
    query, passage = encoder.encode_queries(["企业奖励"]), encoder.encode_passages(["企业奖励"])
    plain = model.encode(["问：企业奖励", "文：企业奖励", "企业奖励"], normalize_embeddings=True)
    assert np.allclose(query[0], plain[0], atol=1e-5)
    assert np.allclose(passage[0], plain[1], atol=1e-5)
    assert not np.allclose(query, passage, atol=1e-3)
    assert not np.allclose(query[0], plain[2], atol=1e-3)


@pytest.mark.parametrize(
    ("name", "query", "passage"),
    [
        ("BAAI/bge-small-zh-v1.5", "为这个句子生成表示以用于检索相关文章：", ""),
        ("models/bge-large-zh", "为这个句子生成表示以用于检索相关文章：", ""),
        ("intfloat/multilingual-e5-small", "query: ", "passage: "),
        ("BAAI/bge-m3", None, None),
        ("intfloat/multilingual-e5-large-instruct", None, None),
        ("shibing624/text2vec-base-chinese", None, None),
    ],
)
def test_prompts_of_known_families(name: str, query: str | None, passage: str | None) -> None:
    assert encoder_module._missing_prompts({"query": "", "document": ""}, name) == (query, passage)
    assert encoder_module._missing_prompts({"query": "Q: ", "document": ""}, name) == (None, None)


def test_family_prompt_is_applied_to_queries_only(bare: Path, sentence_transformers: Any) -> None:
    folder = bare.rename(bare.with_name("bge-small-zh-v1.5"))
    encoder = load_encoder(str(folder))
    model = sentence_transformers.SentenceTransformer(str(folder), device="cpu")
    asked = model.encode(["为这个句子生成表示以用于检索相关文章：企业", "企业"], normalize_embeddings=True)
    assert np.allclose(encoder.encode_queries(["企业"])[0], asked[0], atol=1e-5)
    assert np.allclose(encoder.encode_passages(["企业"])[0], asked[1], atol=1e-5)


def test_id_follows_the_content_not_the_place(tmp_path: Path) -> None:
    ids = set()
    for place in ("one", "two"):
        folder = tmp_path / place / "mine"
        folder.mkdir(parents=True)
        for path in MODEL.rglob("*"):
            if path.is_file() and path.suffix != ".md":
                (folder / path.relative_to(MODEL)).write_bytes(path.read_bytes())
        ids.add(load_encoder(str(folder)).id)
    assert len(ids) == 1
    tokenizer = json.loads((folder / "tokenizer.json").read_text(encoding="utf-8"))
    tokenizer["normalizer"] = None
    (folder / "tokenizer.json").write_text(json.dumps(tokenizer), encoding="utf-8")
    assert load_encoder(str(folder)).id not in ids


@pytest.mark.parametrize("name", ["./nowhere", "/nowhere/at/all", "a/b/c", ""])
def test_missing_folder(name: str) -> None:
    with pytest.raises(EncoderError) as caught:
        load_encoder(name)
    assert isinstance(caught.value, PolicyError)
    assert caught.value.code == "encoder_unusable"
    assert "编码器" in caught.value.message
    assert caught.value.hint


def test_model_that_is_not_in_the_cache(sentence_transformers: Any) -> None:
    with pytest.raises(EncoderError):
        load_encoder("nobody/no-such-model")


def test_empty_and_damaged_folders(tmp_path: Path, sentence_transformers: Any) -> None:
    with pytest.raises(EncoderError):
        load_encoder(str(tmp_path))
    for path in MODEL.glob("*.*"):
        cut = 5000 if path.suffix == ".safetensors" else None
        (tmp_path / path.name).write_bytes(path.read_bytes()[:cut])
    with pytest.raises(EncoderError):
        load_encoder(str(tmp_path))


# Training: on a made-up shared folder, so that the command is known to work without the real one.

LAW = "# 河湾市扶持企业条例\n<!-- INFO END -->\n## 第一章 奖励\n\n" + "\n\n".join(
    f"第{number}条 企业获得{kind}称号的，给予{amount}万元奖励。由市{office}局负责。"
    for number, kind, amount, office in [
        ("一", "绿色工厂", 50, "环境"),
        ("二", "老字号", 20, "商务"),
        ("三", "单项冠军", 90, "工业"),
    ]
)


def write_shared(folder: Path) -> Path:
    training, statutes = folder / "training", folder / "statutes"
    (statutes / "qrels").mkdir(parents=True)
    training.mkdir()
    articles = [{"name": "条例第一条", "text": "给予50万元奖励"}]
    questions = [
        {"id": number, "question": question, "answer": answer, "articles": articles}
        for number, question, answer in [
            (1, "绿色工厂奖多少？", None),
            (2, "老字号奖？", "20"),
            (3, "老字号，奖", None),
        ]
    ]
    asked = [{"question": "河湾在哪？", "answers": ["东边"]}]
    reading = [
        {"source": source, "context": "河湾在东边。山在西边。", "questions": asked}
        for source in ("drcd-dev", "cail2019-dev")
    ]
    laws = [{"path": f"{n}.md", "markdown": LAW.replace("万元", f"{n}万元")} for n in range(12)]
    for name, rows in [("laws.jsonl.xz", laws), ("reading.jsonl.xz", reading)]:
        with lzma.open(training / name, "wt", encoding="utf-8") as file:
            file.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    lines = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in questions)
    (training / "statute_questions.train.jsonl").write_text(lines, encoding="utf-8")
    queries = "".join(json.dumps({"_id": str(row["id"]), "text": row["question"]}) + "\n" for row in questions)
    (statutes / "queries.jsonl").write_text(queries, encoding="utf-8")
    (statutes / "qrels" / "dev.tsv").write_text("query-id\tcorpus-id\tscore\n2\tL1\t1\n", encoding="utf-8")
    return folder


def test_training_leaves_out_dev_questions_and_unlicensed_reading(tmp_path: Path) -> None:
    from index.training.data import read_questions, read_reading

    shared = write_shared(tmp_path)
    assert [row["id"] for row in read_questions(shared)] == [1]  # 2 is a dev question, 3 is the same words
    assert [row["source"] for row in read_reading(shared)] == ["drcd-dev"]


def test_training_makes_a_folder_that_loads(tmp_path: Path, sentence_transformers: Any) -> None:
    from index.training.static import Recipe, prepare, save, train

    recipe = Recipe(rows=4500, width=16, steps=3, batch=16, widths=(16, 8), law_pairs=64)
    said: list[str] = []
    material = prepare(write_shared(tmp_path), recipe, processes=1, log=said.append)
    losses: list[float] = []
    vectors = train(material, recipe, lambda step, loss, _: losses.append(loss))
    save(vectors, material.tokenizer, tmp_path / "model")
    encoder = load_encoder(str(tmp_path / "model"))
    assert isinstance(encoder, StaticEncoder)
    assert encoder.dim == 16
    assert len(losses) == 3 and np.isfinite(losses).all()
    assert encoder.encode_queries(["企业奖励"]).any()


def test_lay_rewording_replaces_official_words() -> None:
    from index.training.lay import LAY_WORDS, reword

    said = reword("企业罚款", random.Random(1), 1.0)
    assert any(said.startswith(word) for word in LAY_WORDS["企业"])
    assert any(said.endswith(word) for word in LAY_WORDS["罚款"])


def test_builtin_needs_neither_torch_nor_sentence_transformers() -> None:
    program = (
        "import sys, index.encoder as e\n"
        "heavy = {'torch', 'sentence_transformers', 'transformers', 'tokenizers'}\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)\n"
        "e.load_encoder().encode_queries(['企业'])\n"
        "heavy.discard('tokenizers')\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
