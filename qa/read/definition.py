"""What a term means: …是指…, …（以下简称…）, A（B）, and 对…“三清单” where the term follows what it stands for."""

from __future__ import annotations

import re
from collections.abc import Iterator

from corpus.titles import PARENTHETICAL
from corpus.types import Span
from qa.evidence import Sentence
from qa.read.candidate import Candidate, Context

_IS = re.compile(
    r"(?P<term>[^。；，]{1,40}?)(?:[（(][^）)]{0,40}[）)])?[，,]?\s*(?:，)?(?:是指|指的是|系指|指(?!导|标|定|挥|数|引|南|示|派)|是(?=[^否]))\s*(?P<body>[^。；]{4,300})"
)
_BRACKET = re.compile(r"(?P<a>[一-鿿A-Za-z0-9+＋\-“”]{2,40})[（(](?P<b>[^（）()]{2,60})[）)]")
_QUOTED_TERM = re.compile(r"(?P<body>[^。；：，]{4,160}?)等?[“\"](?P<term>[^”\"]{2,14})[”\"]")
_SAME_TERM = 0.5  # of the characters of a term that the question must have, where it says it in other words
_OTHER_TERM = 0.4
"""What a definition loses whose term the question does not have as a whole: 供热设施 is not 供热."""
_ASKED = re.compile(r"[“\"「《]([^”\"」》]{1,20})[”\"」》]|([A-Za-z0-9+]{2,12})")


def read(sentence: Sentence, context: Context) -> Iterator[Candidate]:
    """Candidates for the meaning of the term that the question names."""
    question, text = context.question.text, sentence.text
    asked = [a or b for a, b in _ASKED.findall(question)]
    for match in _IS.finditer(text):
        strong = "指" in match[0][len(match["term"]) : len(match["term"]) + 60]
        term_fit = context.cover(match["term"])
        body = match["body"].rstrip("，。；")
        start = sentence.start + match.start("body")
        name = _name_of(match["term"])
        shared = sum(c in question for c in name) / max(1, len(name))
        fit = (0.5 if strong else 0.1) + 0.5 * term_fit - (0.0 if name in question else _OTHER_TERM)
        spans = (sentence.span, Span(start, start + len(body)))
        yield Candidate(body, sentence, spans, max(0.0, min(1.0, fit)), shared >= _SAME_TERM)
    for match in _BRACKET.finditer(text):
        for term, body in ((match["a"], "b"), (match["b"], "a")):
            if any(word and word.lower() in term.lower() for word in asked) and not any(
                w in match[body] for w in asked
            ):
                value = _tail_name(match[body]) if body == "a" else match[body]
                start = sentence.start + match.end(body) - len(value)
                if body == "b":
                    start = sentence.start + match.start("b")
                if not value.startswith("以下简称") and not PARENTHETICAL.match(f"（{value}）"):
                    yield Candidate(value, sentence, (sentence.span, Span(start, start + len(value))), 0.9)
    for match in _QUOTED_TERM.finditer(text):
        if match["term"] in question or context.cover(match["term"]) > 0.3:
            body = re.sub(r"^(?:针对|推动|编制|对|实施|开展|建设|围绕|实行)", "", match["body"]).removesuffix("等")
            at = match["body"].find(body)
            start = sentence.start + match.start("body") + max(0, at)
            yield Candidate(body, sentence, (sentence.span, Span(start, start + len(body))), 0.75)


def _name_of(term: str) -> str:
    """The term itself: （一）本条例所称的“供热设施” -> 供热设施."""
    return re.sub(r"^.*所[称指说](?:的)?|^.*[、．.）)\s]|[“”\"‘’]|(?:这|其)(?=[一-鿿])", "", term.strip()).strip()


def _tail_name(text: str) -> str:
    """The name at the end of a run of words: 进一步深化完善合格境外有限合伙人 -> 合格境外有限合伙人."""
    return re.sub(r"^.*(?:完善|开展|推进|推动|探索|建立|实施|深化|支持|引入|设立|实行|发展|的)", "", text) or text
