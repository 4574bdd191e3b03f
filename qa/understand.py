"""What a question asks for: the kind of answer, the words that count, the years, places and levels that it names."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal

from corpus.counterparts import cities
from corpus.simplified import simplified
from qa.figures import magnitudes
from qa.lexicon import Lexicon
from qa.question.answer_type import AnswerType, answer_types, type_said
from qa.typos import Correction, Spelling

_YEAR = re.compile(r"(?<!\d)((?:19|20)\d\d)(?=年|～|—|-|度|$|\s|[^\d])")
_LEVEL = re.compile(
    r"国家级|国家|省级|省里|市级|区级|县级|一等奖|二等奖|三等奖|[ⅠⅡⅢⅣ]级|[一二三四]级|特别重大|重大|较大|一般级"
)
_ARTICLE = re.compile(
    r"第[〇零一二三四五六七八九十百千\d]+条(?:第[一二三四五六七八九十\d]+款)?(?:第?[（(]?[一二三四五六七八九十\d]+[）)]?项)?"
)
_QUOTED = re.compile(r"[《“\"「]([^》”\"」]{2,60})[》”\"」]")
_NOT_THIS = re.compile(r"[，。？！]?(?:而不是|不是|并非)[^，。？]{1,10}?的?[？。！]*$")
_INJECTION = re.compile(
    r"(?:忽略|无视|忘记|跳过|不要理会|disregard|ignore)[^。]{0,14}(?:指令|规则|设定|要求|提示|instruction|prompt)|系统提示|提示词|system\s*prompt|"
    r"扮演|角色扮演|越狱|jailbreak|开发者模式|你的(?:设定|源代码|密码|密钥|配置)",
    re.IGNORECASE,
)
_FILLERS = re.compile(
    r"^(?:(?:那个|这个|嗯+|呃+|额|啊|哎|诶|喂|你好|您好|请问一?下?|麻烦问一?下?|(?:我)?想(?:要)?(?:请)?(?:问|咨询|了解|打听)(?:一下|下)?|是这样的?)[，,、。！!…\s]*)+(?=.{4})"
)
"""What people say before they ask; a turn that says nothing else stays as it is."""
_CHAT = re.compile(
    r"笑话|聊(?:会儿?|聊)?天|陪我|讲个?故事|唱(?:首|个)|写(?:首|一首|段)|(?:今|明|后)[天日晚][^，。]{0,8}(?:天气|下雨|下雪|气温)|天气(?:怎么?样|如何|好不好|好吗|咋样)|^[^，。]{0,6}天气[？?]?$|会不会下[雨雪]|带伞|几度|吃(?:什么|啥)|好吃|餐馆|馆子|饭店推荐|电影|"
    r"股票(?:能|会)|彩票|算命|星座|你是谁|你叫什么|你几岁|你喜欢|你觉得|^(?:你好|您好|在吗|谢谢|再见|嗨|hello|hi|哈喽)[！!。？?，,\s]*$|翻译|帮我写|旅游攻略|今天星期|现在几点",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Understanding:
    """A question as the readers see it. `text` is the question, `query` is what is searched: the question with its typos
    set right; `added` is what documents say for its words, which counts less.

    `scope` is "" for a question about documents, "injection" or "chat" for what is refused before any search.
    """

    text: str
    kinds: tuple[
        tuple[AnswerType, float], ...
    ]  # the types of answer that it may want, the likeliest first, with their probabilities
    content: str
    expansions: tuple[str, ...]
    query: str
    added: str
    years: tuple[str, ...]
    levels: tuple[str, ...]
    articles: tuple[str, ...]
    magnitudes: tuple[tuple[float, str], ...]
    quoted: tuple[str, ...]
    places: tuple[str, ...]
    scope: Literal["", "injection", "chat"]
    corrections: tuple[Correction, ...] = ()
    focus: str = ""  # of a follow-up: the user's own words, which weigh more than what was taken from before

    @property
    def kind(self) -> AnswerType:
        """The likeliest type of answer."""
        return self.kinds[0][0]


class Understander:
    """Reads questions with one lexicon.

    >>> Understander(load_lexicon(), Tokenizer().words).read("省级的奖多少？").kind
    'amount'

    `words` cuts a text into words (loaded lazily: the first call costs a second); `spelling` knows what the corpus at
    hand says for words that it does not hold; `places` are regions of the documents at hand, beside the cities of
    places.txt.
    """

    def __init__(
        self,
        lexicon: Lexicon,
        words: Callable[[str], list[str]],
        spelling: Spelling | None = None,
        places: Iterable[str] = (),
    ) -> None:
        self.lexicon = lexicon
        self._words = words
        self._spelling = spelling
        names = set(cities())
        names |= {part for place in places for part in re.split(r"[省市区县]", place) if len(part) > 1}
        self._places = re.compile("|".join(sorted(names, key=lambda name: (-len(name), name))))

    def read(self, question: str, focus: str = "") -> Understanding:
        """Never raises; an odd question is a `span` question. `focus` is the part of a follow-up that decides its kind."""
        text = "".join(c if "Ⅰ" <= c <= "Ⅻ" else unicodedata.normalize("NFKC", c) for c in simplified(question)).strip()
        text = _FILLERS.sub("", text) or text
        text = re.sub(r"([国省市区县])(?:家)?一级", r"\1级", re.sub(r"\?", "？", text))
        positive = _NOT_THIS.sub("", text)
        words = self._words(positive)
        corrections = tuple(self._spelling.corrections(words)) if self._spelling else ()
        plain = _corrected(text, corrections)
        if corrections:
            words = self._words(_corrected(positive, corrections))
        expansions = tuple(self.lexicon.expansions(words if positive == text else self._words(plain)))
        return Understanding(
            text=text,
            kinds=_types_of_follow_up(plain, focus) if focus else answer_types(plain),
            focus=focus,
            content=self.lexicon.content(words),
            expansions=expansions,
            corrections=corrections,
            query=plain,
            added=" ".join(expansions),
            years=tuple(dict.fromkeys(_YEAR.findall(text))),
            levels=tuple(dict.fromkeys(_LEVEL.findall(positive))),
            articles=tuple(_ARTICLE.findall(text)),
            magnitudes=magnitudes(text),
            quoted=tuple(_QUOTED.findall(text)),
            places=tuple(dict.fromkeys(p.removesuffix("市") for p in self._places.findall(text))),
            scope="injection" if _INJECTION.search(text) else "chat" if _CHAT.search(text) else "",
        )


def _corrected(text: str, corrections: Iterable[Correction]) -> str:
    for correction in corrections:
        text = text.replace(correction.typed, correction.meant)
    return text


def _types_of_follow_up(whole: str, focus: str) -> tuple[tuple[AnswerType, float], ...]:
    return answer_types(whole if type_said(focus) == "span" else focus)
