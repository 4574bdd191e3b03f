"""The reader through transformers: real tiny models, one of them with weights that are known, so that its answers are."""

from __future__ import annotations

import threading
import warnings
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corpus.errors import PolicyError
from index.errors import BadReader
from index.reader.extractive import TransformersReader
from index.reader.load import load_reader
from index.reader.spans import GIVEN, LONGEST, best_spans
from index.reader.types import Readable, ReadSpan

SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
CHARACTERS = "企业奖励万元因故障碍申报材料的，。；0123456789１２３（）"
FIRST, LAST = "因", "碍"
"""Where the known model begins and ends its answers; a passage without both has none."""

ODD = st.text(alphabet=st.sampled_from([*CHARACTERS, *"𠮷\n \t　\x00\u200bAbİﬁé\ud800😀"]), max_size=60)


@pytest.fixture(autouse=True, scope="module")
def quiet() -> Any:
    """The first import of torch and its companions warns of deprecated parts that they use among themselves."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import torch  # noqa: F401
        import transformers.models.bert.modeling_bert  # noqa: F401


@pytest.fixture(autouse=True)
def offline(monkeypatch: pytest.MonkeyPatch) -> None:
    import huggingface_hub.constants

    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)


def tokenizer_in(folder: Path, characters: str = CHARACTERS, most: int = 64) -> int:
    """A character tokeniser saved to `folder`; the number of its tokens."""
    from transformers import BertTokenizerFast

    folder.mkdir(exist_ok=True)
    tokens = [*SPECIAL, *dict.fromkeys(characters)]
    (folder / "vocab.txt").write_text("\n".join(tokens), "utf-8")
    BertTokenizerFast(str(folder / "vocab.txt"), model_max_length=most).save_pretrained(folder)
    return len(tokens)


def config_of(tokens: int, layers: int = 1, positions: int = 64) -> Any:
    from transformers import BertConfig

    return BertConfig(
        vocab_size=tokens, hidden_size=8, num_hidden_layers=layers, num_attention_heads=2, intermediate_size=8,
        max_position_embeddings=positions, initializer_range=1.0,
    )  # fmt: skip


def known_model(folder: Path) -> str:
    """A BERT without layers that points from the first 因 to a 碍, and at [CLS] where one of them is missing."""
    import torch
    from transformers import BertForQuestionAnswering

    model = BertForQuestionAnswering(config_of(tokenizer_in(folder), layers=0))
    order = [*SPECIAL, *dict.fromkeys(CHARACTERS)]
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.zero_()
        table = model.bert.embeddings.word_embeddings.weight
        table[:, 0] = 1
        for dimension, token in enumerate((FIRST, LAST, "[CLS]"), 1):
            table[order.index(token)] = torch.eye(8)[dimension]
        model.bert.embeddings.LayerNorm.weight.fill_(1)
        model.qa_outputs.weight[0, 1] = model.qa_outputs.weight[1, 2] = 5
        model.qa_outputs.weight[:, 3] = 3
    model.save_pretrained(folder)
    return str(folder)


def random_model(folder: Path, cls: str = "BertForQuestionAnswering", **options: Any) -> str:
    import torch
    import transformers

    torch.manual_seed(1)
    getattr(transformers, cls)(config_of(tokenizer_in(folder), **options)).save_pretrained(folder)
    return str(folder)


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory, quiet: None) -> TransformersReader:
    return TransformersReader(known_model(tmp_path_factory.mktemp("models") / "known"))


@pytest.fixture(scope="module")
def chance(tmp_path_factory: pytest.TempPathFactory, quiet: None) -> TransformersReader:
    return TransformersReader(random_model(tmp_path_factory.mktemp("models") / "chance"))


def words(passage: str, spans: Sequence[ReadSpan]) -> list[str]:
    return [passage[span.start : span.end] for span in spans]


# -- what is read ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "passage",
    [
        "因故障碍",
        "𠮷企业 １２\n（因故障碍）。",
        "企\ud800业\x00İ 因 故障 碍的",
        "　　因\n碍",
        "😀😀因ﬁ故碍" + "元" * 20,
    ],
)
def test_offsets_are_those_of_the_passage(known: TransformersReader, passage: str) -> None:
    ((span, *_),) = known.spans("企业奖励", [passage])
    assert passage[span.start] == FIRST and passage[span.end - 1] == LAST
    assert 0.9 < span.probability <= 1


@pytest.mark.parametrize("passage", ["", " \n", "企业奖励1万元。", "企业因故，。", "障碍", "碍故因"])
def test_no_answer_where_the_first_token_is_likelier(known: TransformersReader, passage: str) -> None:
    assert known.spans("奖励", [passage]) == [[]]


def test_words_of_the_question_are_no_answer(known: TransformersReader) -> None:
    assert known.spans("因故障碍", ["企业奖励1万元。"]) == [[]]


def test_one_forward_for_all_passages_and_their_windows(known: TransformersReader) -> None:
    far = "企业奖励" * 40 + "因故障碍" + "申报材料" * 40
    passages = ["因碍", "", far, "奖励", "因故障碍，" + "万元" * 70 + "。因申报碍"]
    known.spans("奖励", passages[:1])  # loads
    assert known._loaded is not None
    shapes: list[Any] = []
    with_hook = known._loaded._model.register_forward_pre_hook(
        lambda _, __, kwargs: shapes.append(kwargs["input_ids"].shape), with_kwargs=True
    )
    found = known.spans("奖励", passages)
    with_hook.remove()
    assert len(shapes) == 1 and shapes[0][0] > 10 and shapes[0][1] <= 64
    told = [sorted(words(p, spans)) for p, spans in zip(passages, found, strict=True)]
    assert told == [["因碍"], [], ["因故障碍"], [], ["因故障碍", "因申报碍"]]
    alone = [known.spans("奖励", [p])[0] for p in passages]
    for one, other in zip(found, alone, strict=True):
        assert [(s.start, s.end) for s in one] == [(s.start, s.end) for s in other]
        np.testing.assert_allclose([s.probability for s in one], [s.probability for s in other], atol=1e-5)


def test_many_windows_go_in_parts(known: TransformersReader) -> None:
    passages = ["企业奖励" * 100 + "因故障碍"] * 12
    assert [words(p, s) for p, s in zip(passages, known.spans("奖励", passages), strict=True)] == [["因故障碍"]] * 12


def test_a_long_question_leaves_room_for_the_passage(known: TransformersReader) -> None:
    assert known.spans("企业" * 300, ["因故障碍"]) == known.spans("企业" * 8, ["因故障碍"])


def test_no_passages(known: TransformersReader) -> None:
    assert known.spans("奖励", []) == []


@settings(max_examples=30)
@given(ODD, st.lists(ODD, min_size=1, max_size=4))
def test_spans_of_any_text_are_words_of_it(chance: TransformersReader, question: str, passages: list[str]) -> None:
    found = chance.spans(question, passages)
    assert len(found) == len(passages)
    for passage, spans in zip(passages, found, strict=True):
        assert len(spans) <= GIVEN
        assert [s.probability for s in spans] == sorted((s.probability for s in spans), reverse=True)
        for span in spans:
            assert 0 <= span.start < span.end <= len(passage)
            assert 0 < span.probability <= 1
            said = passage[span.start : span.end]
            assert said == said.strip()
        for a, b in zip(sorted(spans, key=lambda s: s.start), sorted(spans, key=lambda s: s.start)[1:], strict=False):
            assert a.end <= b.start


LOGITS = st.lists(st.floats(-20, 20), min_size=1, max_size=12)


@given(LOGITS, st.randoms(use_true_random=False), st.floats(-20, 20), st.integers(1, 12))
def test_best_spans_are_a_softmax_over_all_spans(starts: list[float], random: Any, null: float, longest: int) -> None:
    ends = [random.uniform(-20, 20) for _ in starts]
    scores = {(i, j): starts[i] + ends[j] for i in range(len(starts)) for j in range(i, min(len(starts), i + longest))}
    total = np.exp(null) + sum(np.exp(score) for score in scores.values())
    found = best_spans(np.array(starts), np.array(ends), null, longest)
    assert bool(found) == (max(scores.values()) > null)
    for i, j, probability in found:
        assert scores[i, j] > null
        assert probability == pytest.approx(np.exp(scores[i, j]) / total, rel=1e-6)
    if found:
        assert scores[found[0][:2]] == max(scores.values())


def test_spans_are_limited_in_length() -> None:
    n = LONGEST + 10
    starts, ends = np.zeros(n), np.zeros(n)
    starts[0], ends[-1] = 9, 9
    (first, last, _), *_ = best_spans(starts, ends, -1.0)
    assert last - first < LONGEST


# -- models of other kinds ---------------------------------------------------------------------------------------------


def test_a_byte_level_model(tmp_path: Path) -> None:
    """RoBERTa's kind: several tokens a character, positions that begin behind the padding, <s> for [CLS]."""
    import torch
    from tokenizers import ByteLevelBPETokenizer
    from tokenizers.processors import RobertaProcessing
    from transformers import PreTrainedTokenizerFast, RobertaConfig, RobertaForQuestionAnswering

    special = ["<s>", "<pad>", "</s>", "<unk>"]
    own = ByteLevelBPETokenizer()
    own.train_from_iterator([CHARACTERS] * 3, vocab_size=300, special_tokens=special, show_progress=False)
    own.post_processor = RobertaProcessing(("</s>", 2), ("<s>", 0), trim_offsets=False)
    PreTrainedTokenizerFast(
        tokenizer_object=own._tokenizer, cls_token="<s>", sep_token="</s>", pad_token="<pad>", unk_token="<unk>",
        bos_token="<s>", eos_token="</s>",
    ).save_pretrained(tmp_path)  # fmt: skip
    torch.manual_seed(1)
    config = RobertaConfig(
        vocab_size=own.get_vocab_size(), hidden_size=8, num_hidden_layers=1, num_attention_heads=2,
        intermediate_size=8, max_position_embeddings=66, pad_token_id=1, initializer_range=1.0,
    )  # fmt: skip
    RobertaForQuestionAnswering(config).save_pretrained(tmp_path)
    reader = TransformersReader(str(tmp_path))
    passages = ["企业 奖励　１２万元，𠮷因故\n障碍。" * 6, "碍 "]
    found = reader.spans("奖励多少", passages)
    assert reader._loaded is not None and reader._loaded._most == 64
    assert any(found)
    for passage, spans in zip(passages, found, strict=True):
        assert all(text == text.strip() and text for text in words(passage, spans))


def damaged(folder: Path) -> str:
    random_model(folder)
    weights = folder / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:200])
    return str(folder)


def without_tokenizer(folder: Path) -> str:
    from transformers import BertForQuestionAnswering

    BertForQuestionAnswering(config_of(30)).save_pretrained(folder)
    return str(folder)


def another_tokenizer(folder: Path) -> str:
    random_model(folder)
    tokenizer_in(folder, CHARACTERS + "澜江市支持专精特新")
    return str(folder)


def without_first_token(folder: Path) -> str:
    from transformers import PreTrainedTokenizerFast

    random_model(folder)
    plain = PreTrainedTokenizerFast(tokenizer_file=str(folder / "tokenizer.json"), pad_token="[PAD]")
    (folder / "vocab.txt").unlink()
    plain.save_pretrained(folder)
    return str(folder)


def empty(folder: Path) -> str:
    folder.mkdir()
    return str(folder)


@pytest.mark.parametrize(
    ("make", "why"),
    [
        (partial(random_model, cls="BertForSequenceClassification"), "缺少权重"),
        (partial(random_model, cls="BertModel"), "缺少权重"),
        (partial(random_model, positions=16), "太短"),
        (another_tokenizer, "不配套"),
        (without_first_token, "CLS"),
        (without_tokenizer, "不认识汉字"),
        (damaged, "无法加载"),
        (empty, "无法加载"),
        (lambda folder: str(folder), "找不到"),
        (lambda folder: "nobody/no-such-model", "无法加载"),
    ],
)
def test_what_cannot_read_is_told_at_the_first_reading(tmp_path: Path, make: Any, why: str) -> None:
    reader = load_reader(make(tmp_path / "model"))
    assert reader is not None
    for _ in range(2):
        with pytest.raises(BadReader, match=why) as told:
            reader.spans("奖励多少？", ["企业奖励1万元。"])
        assert isinstance(told.value, PolicyError) and told.value.code == "bad_reader"
        assert "TIAOWEN_READER" in told.value.hint


def test_as_a_joint_reader_it_tells_spans_and_compares_nothing(known: TransformersReader) -> None:
    passages = ["企业因故障碍", "奖励"]
    first, second = known.read("企业奖励", [Readable(p, "因故障碍") for p in passages])
    spans = known.spans("企业奖励", passages)[0]
    assert [(s.start, s.end) for s in first.spans] == [(s.start, s.end) for s in spans] and first.answers > 0.5
    assert sum(s.probability for s in first.spans) == pytest.approx(1)
    assert (second.answers, second.spans) == (0.0, ())
    assert first.relevance is None and first.yes_no == 0.0


# -- threads -----------------------------------------------------------------------------------------------------------


def test_threads_load_once_and_read_the_same(known: TransformersReader, monkeypatch: pytest.MonkeyPatch) -> None:
    import index.reader.extractive as module

    loads: list[str] = []
    real = module._Model

    def counted(name: str) -> Any:
        loads.append(name)
        return real(name)

    monkeypatch.setattr(module, "_Model", counted)
    reader = TransformersReader(known.id)
    passages = [["因故障碍", "奖励" * n + "因碍"] for n in range(8)]
    found: dict[int, Any] = {}

    def read(n: int) -> None:
        found[n] = reader.spans("企业奖励"[: 1 + n % 4], passages[n])

    threads = [threading.Thread(target=read, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert loads == [known.id]
    for n in range(8):
        assert [words(p, s) for p, s in zip(passages[n], found[n], strict=True)] == [["因故障碍"], ["因碍"]]
