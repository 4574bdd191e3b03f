"""How a turn is taken: as small talk, as a question of its own, or as one that leans on what came before, made whole.

One function decides for all doors (pages, sessions, `earlier`, OpenAI messages, MCP, chats): `TurnReader.read`.
"""

from __future__ import annotations

import math
import re
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from index.encoder import load_encoder
from index.tokens import Tokenizer, normalise
from qa.turns.fluency import Fluency
from qa.turns.lean import probabilities, rarity_of, signals, slots
from qa.turns.memory import Turn, after
from qa.turns.model import load_model
from qa.turns.pieces import BACK, DENIAL, bare
from qa.turns.rank import Language, candidates, features, ranked

LEANS = 0.8
"""A turn that is less likely than this to lean on what came before is asked as it stands: a question of its own that is merged with
another is spoilt, a follow-up that is not is asked back."""

LEANS_UNREAD = 0.5
"""The same where no passage answered the last turn: what it speaks of cannot tell for or against."""

MAY_LEAN, SURELY_LEANS = 0.3, 0.97
"""Between these both are tried, the turn by itself and made whole: the surer answer tells what was meant (`Engine.answer`)."""

WAYS = 3
"""Ways to make a turn whole that are tried, at most."""

LEAST_BELIEF = 0.03  # beside the likeliest, of those that are tried

CHATS = 0.6
LONGEST_TALK = 24
"""Characters of small talk at most: what is longer wants something."""

LONGEST_TURN = 60
"""Characters of a turn that may lean on another: who writes more says what it is about."""

_THANKS = re.compile(r"谢|感激|辛苦|费心|麻烦你|麻烦您")
_GREETS = re.compile(
    r"你好|您好|在吗|在不在|有人|嗨|哈[喽啰]|hello|hi\b|早上好|上午好|中午好|下午好|晚上好", re.IGNORECASE
)
_LEAVES = re.compile(r"再见|拜拜|回头|先这样|没(?:有)?(?:其他|别的|问题|什么)|就这样")

_HEARS = re.compile(r"好|行|嗯|哦|噢|明白|知道|了解|收到|清楚|懂|晓得|ok|okay|棒|赞", re.IGNORECASE)

THANKED = "不客气！还有政策方面的问题，随时可以接着问。"
GREETED = "您好！想了解哪项政策，直接说就行，比如“高龄津贴每月多少钱”。"
LEFT = "好的，再见！以后有政策方面的问题，欢迎再来问。"
HEARD = "好的。还想了解什么，接着问就行。"


@dataclass(frozen=True, slots=True)
class FollowUp:
    """A turn made whole. `focus` is what the user wrote of it without its markers, `at` the question that it leans on (0 the last)."""

    whole: str
    focus: str
    at: int = 0


@dataclass(frozen=True, slots=True)
class Way:
    """A way to take a turn, `follow_up` None for a question of its own, with how likely it is, 0..1."""

    follow_up: FollowUp | None
    probability: float = 1.0


ALONE = Way(None)


@dataclass(frozen=True, slots=True)
class SmallTalk:
    """A turn that asks nothing, and what is said to it."""

    reply: str


class TurnReader:
    """Reads turns with the shipped model. Safe for several threads; model and encoder are loaded at the first turn.

    >>> reader = TurnReader(Tokenizer())
    >>> reader.read("那硕士呢", Turn("博士的安家补贴是多少？")).whole
    '硕士的安家补贴是多少？'
    """

    def __init__(self, tokenizer: Tokenizer) -> None:
        self._tokenizer = tokenizer
        self._language: Language | None = None
        self._lock = threading.Lock()

    def read(self, turn: str, last: Turn | None) -> FollowUp | SmallTalk | None:
        """How a turn is taken by its words alone; None for a question of its own. Never raises for an odd text."""
        ways = self.ways(turn, last)
        return ways if isinstance(ways, SmallTalk) else ways[0].follow_up

    def ways(self, turn: str, last: Turn | None) -> SmallTalk | list[Way]:
        """The ways in which a turn may be taken, at least one, first the one that its words tell; `read` takes that."""
        text = bare(turn)
        questions = last.questions if last else ()
        if not text or len(text) > LONGEST_TURN or (not questions and len(text) > LONGEST_TALK):
            return [ALONE]
        language, model = self._loaded(), load_model()
        logits = model.logits(signals(text, questions, language, _said_by(last)), slots(text))
        if (reply := _reply(text)) and _sigmoid(logits[0]) > CHATS and len(text) <= LONGEST_TALK:
            return SmallTalk(reply)
        told = DENIAL.match(text) or BACK.match(text)  # 不是，我问的是…, 回到刚才…: said in so many words
        leans = 1.0 if told else _sigmoid(logits[1])
        if not questions or leans < MAY_LEAN or not (splices := candidates(text, questions, language.words)):
            return [ALONE]
        rows, kinds = features(splices, questions, language), probabilities(logits[2:])
        best = [
            Way(FollowUp(splices[at].whole, splices[at].own.text, splices[at].at), leans * belief)
            for at, belief in ranked(rows, kinds, model.splice, WAYS)
        ]
        found = [way for way in best if way.probability >= LEAST_BELIEF * best[0].probability]
        if leans >= SURELY_LEANS:
            return found
        alone = Way(None, 1 - leans)
        enough = LEANS if last and last.passage else LEANS_UNREAD
        return [*found, alone] if leans >= enough else [alone, *found]

    def begun(
        self, earlier: Sequence[str], skipped: Callable[[str], bool], lacking: Callable[[str], bool]
    ) -> tuple[int, Turn | None]:
        """Where in a conversation its last question stands that surely leans on nothing before it, and what was remembered when
        it was asked. What is `skipped` counts as not said; a question that is `lacking` the document that it is about leans on what came before."""
        last, at, remembered = None, 0, None
        for n, text in enumerate(earlier):
            ways = self.ways(text, last)
            if isinstance(ways, SmallTalk) or skipped(text):
                continue
            if last is None or not (ways != [ALONE] or lacking(text)):
                at, remembered = n, last
            first = ways[0].follow_up
            last = after(last, first.whole if first else text)
        return at, remembered

    def _loaded(self) -> Language:
        with self._lock:
            if self._language is None:
                self._language = language_of(self._tokenizer, Fluency(load_model().fluency))
            return self._language


def language_of(tokenizer: Tokenizer, fluency: Fluency) -> Language:
    """What the shipped encoder and dictionary know of words."""
    encoder = load_encoder()

    def words(text: str) -> Sequence[str]:
        return tokenizer.words(text)

    return Language(words, encoder.encode_queries, lambda w: rarity_of(tokenizer.log_probability(w)), fluency)


def _said_by(last: Turn | None) -> str:
    """The passage that answered the last turn with its headings, as words are compared; "" where none did."""
    passage = last.passage if last else None
    return normalise(passage.context + passage.text) if passage else ""


def _sigmoid(logit: float) -> float:
    return 1 / (1 + math.exp(-max(-50.0, min(50.0, logit))))


def _reply(text: str) -> str | None:
    """What is said to words of thanks, leave or greeting; None for a text without any, which asks something in few words (上限)."""
    known = ((_THANKS, THANKED), (_LEAVES, LEFT), (_GREETS, GREETED), (_HEARS, HEARD))
    return next((reply for said, reply in known if said.search(text)), None)
