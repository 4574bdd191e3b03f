"""Fits the scorer of qa/decide: `python -m eval.scorer GOLD=DATA... --out qa/decide/scorer.json`.

Every gold question is asked with refusals off, and each candidate is kept with its features and whether it is right and rightly cited.
Two models are fitted. The first ranks: a conditional logit (McFadden 1974), which maximises the share of a question's belief that its
right candidates get. The second is the confidence: a logistic regression (scikit-learn) over the features of the candidate ranked first,
with what is known of its rivals. It also learns from questions that cannot be answered: those that were written so, and each
answerable one asked again without the documents that answer it, at a lower weight.

All figures printed are cross-validated by document: those of one document are in one fold, for both models. The questions must be
ones that the reader was not trained on, or its features would look surer than they are.
"""

from __future__ import annotations

import argparse
import json
import pickle
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold
from tqdm import tqdm

from eval.answers import is_cited, is_covered, is_right, numbers_in, squeeze
from eval.datasets import GoldQuestion, Unanswerable, read_gold
from eval.report import table
from eval.risk import Trial, calibration_error
from index.reader.load import load_reader
from index.types import Filters
from qa.build import build_engine
from qa.decide.features import NAMES, RIVALRY, bare, rivalry_of
from qa.decide.scorer import FILE, READ, UNREAD, Calibration, ends_of
from qa.engine import Engine
from qa.linear import Linear
from qa.types import Question
from qa.weighed import Weighed

FOLDS = 8
THRESHOLDS = tuple(round(0.05 * at, 2) for at in range(1, 20))
WITHOUT = 0.3
"""What a question weighs that is asked again without its documents."""
LEAST_SCALE = 0.1
"""Added to the deviation of a feature before it is divided by it: one that hardly ever varies must not weigh much where it does."""
PENALTY = 0.01
"""Of the squared weights, for the ranking, a question; features have unit variance."""
PASSAGE_PENALTY = 0.001  # the same for the order of passages, whose features are three
STRENGTH = 0.05  # inverse of the L2 penalty of the confidence

UNANSWERABLE = "unanswerable"
MOST_MIXED = 4.0
"""What a question counts at most where few of its type were written."""

Array = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Trace:
    """The candidates of one question. `group` is the document that answers; `weight` what the question counts; `answerable` whether
    the documents asked hold the answer. `exact` are the right candidates that say no figure besides: the contract's rule forgives
    another one, but a list of three amounts is no answer to who asks for one, and must not be learnt as the safe thing to say."""

    rows: NDArray[np.float16]
    right: NDArray[np.bool_]
    exact: NDArray[np.bool_]
    sound: NDArray[np.bool_]  # no premise is broken
    texts: tuple[str, ...]
    documents: tuple[str, ...]
    group: str
    weight: float
    answerable: bool
    source: str
    kind: str  # the type of the question, also where it is asked without its documents
    without: bool
    passages: Array  # of those read: PASSAGE, and whether it holds the words that carry the answer


PASSAGE = ("evidence", "relevance", "found_at")


def traced(
    engine: Engine, texts: Mapping[str, str], row: GoldQuestion | Unanswerable, as_of: date, source: str
) -> list[Trace]:
    """A question as it is asked, and, where it has an answer, without the documents that hold it; `texts` are the squeezed ones of
    all documents by id."""
    question = Question(row.question, as_of)
    group = row.document or row.id
    if not isinstance(row, GoldQuestion):
        return [t for t in [_trace(engine, question, None, group, source, UNANSWERABLE)] if t]
    out = [_trace(engine, question, row, group, source, row.type)]
    without = replace(question, filters=Filters(document_ids=_others(texts, row)))
    if (again := _trace(engine, without, None, group, source, row.type)) is not None:
        out.append(replace(again, weight=WITHOUT, without=True))
    return [t for t in out if t is not None]


def _trace(
    engine: Engine, question: Question, gold: GoldQuestion | None, group: str, source: str, kind: str
) -> Trace | None:
    considered = engine.consider(question)
    if considered is None or not considered.scored:
        return None
    right = np.array(
        [
            gold is not None and is_right(gold, s.candidate.text) and is_cited(gold, engine.cite(s.candidate)[0])
            for s in considered.scored
        ]
    )
    rows = np.stack([s.features for s in considered.scored])
    exact = right & np.array([gold is not None and _is_exact(gold, s.candidate.text) for s in considered.scored])
    sound = [engine.contradicted(considered.pool, s.candidate) is None for s in considered.scored]
    return Trace(
        rows.astype(np.float16), right, exact, np.array(sound), tuple(bare(s.candidate.text) for s in considered.scored),
        tuple(s.candidate.sentence.source.document.id for s in considered.scored), group, 1.0, gold is not None, source, kind, False,
        _passages(considered.pool.passages, gold),
    )  # fmt: skip


def _is_exact(gold: GoldQuestion, said: str) -> bool:
    """Whether an answer says no figure that no right answer says; a list or a yes has its own rule."""
    return gold.type == "yesno" or bool(gold.items) or any(numbers_in(said) <= numbers_in(a) for a in gold.answers)


def _passages(weighed: Sequence[Weighed], gold: GoldQuestion | None) -> Array:
    quotes = [quote for quote in (gold.quote, *gold.alt_quotes) if quote] if gold else []
    rows = [
        (
            w.evidence,
            w.reading.relevance or 0.0,
            1 / w.found_at,
            any(is_covered(q, w.source.hit.passage.text) for q in quotes),
        )
        for w in weighed
        if w.reading is not None
    ]
    return np.array(rows, dtype=np.float32).reshape(len(rows), len(PASSAGE) + 1)


def mixed(traces: Sequence[Trace], source: str, kinds: Mapping[str, float]) -> list[Trace]:
    """The same with the questions of one source weighed so that their types have these shares, as people ask; the total weight of the
    source stays. A type that is rare there counts at most MOST_MIXED times as much; one that nobody asks counts as it is."""
    own = [t for t in traces if t.source == source]
    held = Counter(t.kind for t in own if not t.without)
    wanted = {kind: kinds[kind] / (count / held.total()) for kind, count in held.items() if kinds.get(kind)}
    factors = {kind: min(MOST_MIXED, factor) for kind, factor in wanted.items()}
    scale = held.total() / sum(factors.get(kind, 1.0) * count for kind, count in held.items())
    return [replace(t, weight=t.weight * factors.get(t.kind, 1.0) * scale) if t.source == source else t for t in traces]


def _others(texts: Mapping[str, str], gold: GoldQuestion) -> frozenset[str]:
    """The documents that do not hold the words that carry the right answer."""
    quotes = [squeeze(quote) for quote in (gold.quote, *gold.alt_quotes) if quote]
    return frozenset(ident for ident, text in texts.items() if not any(quote in text for quote in quotes))


# -- the two models ----------------------------------------------------------------------------------------------------


def fit_rank(traces: Sequence[Trace]) -> Linear:
    """The conditional logit over the questions that have a right candidate and a wrong one."""
    known = [t for t in traces if t.exact.any() and not t.exact.all()]
    chosen = [(t.rows.astype(np.float32), t.exact) for t in known]
    return conditional_logit(chosen, PENALTY, np.array([t.weight for t in known]))


def fit_passages(traces: Sequence[Trace]) -> dict[str, float]:
    """What evidence, relevance and the place in the search are worth for the order of passages."""
    chosen = [(t.passages[:, :-1], t.passages[:, -1] > 0) for t in traces if len(t.passages)]
    chosen = [(rows, right) for rows, right in chosen if right.any() and not right.all()]
    if not chosen:
        return dict.fromkeys(PASSAGE, 0.0)
    fit = conditional_logit(chosen, PASSAGE_PENALTY)
    return {name: round(float(w), 3) for name, w in zip(PASSAGE, fit.weights, strict=True)}


def conditional_logit(
    chosen: Sequence[tuple[Array, NDArray[np.bool_]]], penalty: float, counts: NDArray[np.float64] | None = None
) -> Linear:
    """The weights that give the right rows of each choice the most of its belief; `counts` is what each choice counts."""
    share = np.ones(len(chosen)) if counts is None else counts
    share = share / share.sum()
    stacked = np.concatenate([rows for rows, _ in chosen])
    mean, scale = stacked.mean(0), stacked.std(0) + LEAST_SCALE
    starts = np.cumsum([0, *(len(rows) for rows, _ in chosen)])
    x = ((stacked - mean) / scale).astype(np.float64)
    right = np.concatenate([ok for _, ok in chosen])

    def loss(w: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        z = x @ w
        top = np.maximum.reduceat(z, starts[:-1])
        e = np.exp(z - np.repeat(top, np.diff(starts)))
        every = np.add.reduceat(e, starts[:-1])
        ours = np.add.reduceat(e * right, starts[:-1])
        p = e / np.repeat(every, np.diff(starts))
        q = e * right / np.repeat(ours, np.diff(starts))
        value = -(share * np.log(ours / every)).sum() + penalty * (w @ w) / 2
        return float(value), x.T @ ((p - q) * np.repeat(share, np.diff(starts))) + penalty * w

    w = minimize(loss, np.zeros(x.shape[1]), jac=True, method="L-BFGS-B", options={"maxiter": 300}).x
    weights = (w / scale).astype(np.float32)
    return Linear(weights, float(-(weights @ mean)))


def firsts(traces: Sequence[Trace], rank: Linear) -> tuple[Array, NDArray[np.bool_], NDArray[np.bool_]]:
    """The confidence features of the candidate of each question ranked first, whether it is right, and whether it may be given."""
    rows, right, sound = [], [], []
    for trace in traces:
        logits = rank.logits(trace.rows.astype(np.float32))
        order = np.argsort(-logits, kind="stable")
        ranked = trace.rows[order].astype(np.float32)
        texts, documents = [trace.texts[at] for at in order], [trace.documents[at] for at in order]
        rows.append(np.concatenate([ranked[0], rivalry_of(ranked, logits[order], texts, documents)]))
        right.append(bool(trace.right[order[0]]))
        sound.append(bool(trace.sound[order[0]]))
    return np.stack(rows), np.array(right), np.array(sound)


def fit_sure(rows: Array, right: NDArray[np.bool_], weights: NDArray[np.float64]) -> Linear:
    """The logistic regression of the confidence."""
    mean, scale = rows.mean(0), rows.std(0) + LEAST_SCALE
    model = LogisticRegression(C=STRENGTH, max_iter=2000).fit((rows - mean) / scale, right, sample_weight=weights)
    own = (model.coef_[0] / scale).astype(np.float32)
    return Linear(own, float(model.intercept_[0] - own @ mean))


def fit_both(traces: Sequence[Trace]) -> tuple[Linear, Linear]:
    """The ranking, and the confidence of what it ranks first."""
    rank = fit_rank(traces)
    rows, right, sound = firsts(traces, rank)
    weights = np.array([t.weight for t in traces])
    return rank, fit_sure(rows[sound], right[sound], weights[sound])


# -- figures -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Judged:
    """What came of one question, cross-validated: the confidence of its first candidate (0 where a premise is broken)."""

    sure: float
    right: bool
    possible: bool  # some candidate was right
    trace: Trace


def cross_validated(traces: Sequence[Trace]) -> list[Judged]:
    """All questions, each judged by models fitted without its document."""
    groups = np.array([t.group for t in traces])
    out: list[Judged | None] = [None] * len(traces)
    for fitted, held in GroupKFold(FOLDS).split(groups, groups=groups):
        rank, sure = fit_both([traces[at] for at in fitted])
        kept = [traces[at] for at in held]
        rows, right, sound = firsts(kept, rank)
        p = 1 / (1 + np.exp(-sure.logits(rows))) * sound
        for at, trace, value, ok in zip(held, kept, p, right, strict=True):
            out[at] = Judged(float(value), bool(ok), bool(trace.right.any()), trace)
    return [j for j in out if j is not None]


def fit_calibration(judged: Sequence[Judged]) -> Calibration:
    """Beta calibration (Kull et al. 2017) of the cross-validated confidence, to the questions as they are asked: those asked again without
    their documents teach what a wrong answer looks like, but nobody asks so many that cannot be answered."""
    known = [j for j in judged if not j.trace.without and j.sure > 0]
    ends = np.array([ends_of(j.sure) for j in known])
    right, weights = np.array([j.right for j in known]), np.array([j.trace.weight for j in known])
    fit = LogisticRegression(C=1e3, max_iter=2000).fit(ends, right, sample_weight=weights)
    low, high = (round(max(0.0, float(w)), 4) for w in fit.coef_[0])
    return Calibration(low, high, round(float(fit.intercept_[0]), 4))


def calibrated(judged: Sequence[Judged], calibration: Calibration) -> list[Judged]:
    """The same questions with the confidence that would be told; what is never given stays at 0."""
    return [replace(j, sure=calibration.of(j.sure)) if j.sure > 0 else j for j in judged]


def wrong_rates(judged: Sequence[Judged]) -> list[tuple[float, float]]:
    """Thresholds with the share of wrong answers above them, as weighted as they were fitted, made to fall."""
    p = np.array([j.sure for j in judged])
    right = np.array([j.right for j in judged])
    weights = np.array([j.trace.weight for j in judged])
    out: list[tuple[float, float]] = []
    for threshold in THRESHOLDS:
        kept = p >= threshold
        if kept.any():
            rate = float((weights * ~right)[kept].sum() / weights[kept].sum())
            out.append((threshold, round(min(rate, out[-1][1] if out else 1.0), 3)))
    return out


def print_figures(judged: Sequence[Judged]) -> None:
    """A table of thresholds for each source and for all, and how well the confidence is calibrated."""
    for source in (*sorted({j.trace.source for j in judged}), ""):
        own = [j for j in judged if source in ("", j.trace.source)]
        asked = [j for j in own if j.trace.answerable]
        cannot = [j for j in own if not j.trace.answerable and not j.trace.without]
        without = [j for j in own if j.trace.without]
        if not asked:
            continue
        first, possible = np.mean([j.right for j in asked]), np.mean([j.possible for j in asked])
        trials = [Trial(j.sure, j.right, j.trace.answerable) for j in (*asked, *cannot)]
        print(
            f"{source or '全部'}：{len(asked)} 题，{len(cannot)} 题无答案；候选里有正确答案 {possible:.3f}，排第一 {first:.3f}，"
            f"ECE {calibration_error(trials):.3f}"
        )
        lines = []
        for threshold in THRESHOLDS:
            given = [j for j in (*asked, *cannot) if j.sure >= threshold]
            if given:
                lines.append(
                    [
                        f"{threshold:.2f}", f"{np.mean([j.sure >= threshold and j.right for j in asked]):.3f}",
                        f"{1 - np.mean([j.right for j in given]):.3f}",
                        f"{np.mean([j.sure < threshold for j in cannot]):.3f}" if cannot else "",
                        f"{np.mean([j.sure < threshold for j in without]):.3f}" if without else "",
                    ]
                )  # fmt: skip
        print(table(["阈值", "both", "wrong_rate", "refused", "去掉所在文件时 refused"], lines))
    tenths = np.minimum(9, (np.array([j.sure for j in judged if not j.trace.without]) * 10).astype(int))
    right = np.array([j.right for j in judged if not j.trace.without])
    said = np.array([j.sure for j in judged if not j.trace.without])
    rows = [
        [
            f"{t / 10:.1f}–{t / 10 + 0.1:.1f}",
            str(int((tenths == t).sum())),
            f"{said[tenths == t].mean():.3f}",
            f"{right[tenths == t].mean():.3f}",
        ]
        for t in range(10)
        if (tenths == t).any()
    ]
    print(table(["把握", "n", "平均把握", "正确"], rows))


# -- the command -------------------------------------------------------------------------------------------------------


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m eval.scorer", description="拟合候选答案的评分与把握")
    parser.add_argument("pairs", nargs="*", metavar="GOLD=DATA", help="问题文件=数据目录")
    parser.add_argument("--reader", default="", help="阅读模型，默认内置的；none 拟合只用规则时的评分")
    parser.add_argument("--as-of", type=date.fromisoformat, default=date(2026, 11, 29))
    parser.add_argument("--keep", type=Path, help="把候选存到这个文件；不给问题时从这里（可多个，逗号分隔）读")
    parser.add_argument(
        "--mix", nargs="*", default=[], metavar="SOURCE=GOLD", help="这一来源按另一问题文件中各类问题的比例计权"
    )
    parser.add_argument("--count", nargs="*", default=[], metavar="SOURCE=FACTOR", help="这一来源的每个问题算作几个")
    parser.add_argument("--out", type=Path, help="写入拟合结果的 json 文件")
    given = parser.parse_args(arguments)
    traces: list[Trace] = []
    for pair in given.pairs:
        gold, _, data = pair.partition("=")
        engine = build_engine(Path(data), reader=load_reader(given.reader, 1) or "none")
        texts = {d.id: squeeze(d.text) for d in engine.store.documents()}
        for row in tqdm(_questions(Path(gold)), desc=gold, disable=None):
            traces += traced(engine, texts, row, given.as_of, Path(gold).stem)
    if given.pairs and given.keep:
        given.keep.write_bytes(pickle.dumps(traces))
        return 0
    if not given.pairs:
        for path in str(given.keep).split(","):
            traces += pickle.loads(Path(path).read_bytes())
    for pair in given.mix:
        source, _, gold = pair.partition("=")
        asked = Counter(UNANSWERABLE if isinstance(r, Unanswerable) else r.type for r in _questions(Path(gold)))
        traces = mixed(traces, source, {kind: count / asked.total() for kind, count in asked.items()})
    factors = {name: float(factor) for name, _, factor in (pair.partition("=") for pair in given.count)}
    traces = [replace(t, weight=t.weight * factors.get(t.source, 1.0)) for t in traces]
    judged = cross_validated(traces)
    calibration = fit_calibration(judged)
    judged = calibrated(judged, calibration)
    print_figures(judged)
    if given.out:
        rank, sure = fit_both(traces)
        fitted = {
            "passages": fit_passages(traces),
            "rank": told(rank, NAMES),
            "sure": told(sure, (*NAMES, *RIVALRY)),
            "calibration": asdict(calibration),
            "wrong_rates": wrong_rates(judged),
        }
        # What is not fitted here (the other reading, the order) stays as it is, or as it is shipped.
        known = json.loads((given.out if given.out.is_file() else FILE).read_text("utf-8"))
        known[UNREAD if given.reader == "none" else READ] = fitted
        given.out.write_text(json.dumps(known, ensure_ascii=False, indent=1) + "\n", "utf-8")
    return 0


def _questions(path: Path) -> list[GoldQuestion | Unanswerable]:
    return [row for row in read_gold(path) if isinstance(row, GoldQuestion | Unanswerable)]


def told(fit: Linear, names: Sequence[str]) -> dict[str, Any]:
    """A fit as its file tells it, by the names of its features."""
    weights = {name: round(float(w), 4) for name, w in zip(names, fit.weights, strict=True) if abs(w) > 5e-5}
    return {"weights": weights, "bias": round(fit.bias, 4)}


if __name__ == "__main__":
    sys.exit(main())
