"""The term whose meaning a question asks for, and whether a text says it.

A law defines a term in few set forms (本法所称X，是指…; X，是指…; …为X; X包括…). A question about a term shares its words
with every clause that uses the term; only one of them says what it is.
"""

from __future__ import annotations

import re

_TITLE = re.compile(r"《[^》]*》(?:中|里|规定|所称|所说)?的?")
_ASKED = tuple(
    re.compile(pattern)
    for pattern in (
        r"[“\"「]([^，。？?“”\"「」]{2,24})[”\"」](?:是|的)?(?:怎么|怎样|如何)?(?:下)?(?:被)?(?:界定|定义|含义|意思|概念|指|是什么|是啥)",
        r"(?:什么是|何为|何谓|什么叫做?|啥是|啥叫)[“\"「]?([^，。？?”\"」]{2,24})",
        r"(?:所称的?|所指的?|中的|[，,]|^)[“\"「]?([^，。？?“”\"「」]{2,24}?)[”\"」]?(?:的(?:定义|含义|概念|意思)|(?:具体)?(?:是)?指(?:的是)?|是)(?:什么|啥|谁|哪些|怎么|如何|怎样)(?:意思)?(?:界定|定义|规定)?的?[？?。]*$",
        r"(?:哪些|什么|何种|哪种|哪类|怎样的?|什么样的)[^，。？?]{0,16}?(?:属于|算(?:是|作|得上)?|被?(?:归类|认定|视|看作|界定|归)[为入到]|可?称[为作])[“\"「]?([^，。？?”\"」]{2,24}?)[”\"」]?(?:的?范[畴围])?[？?。]*$",
    )
)
_LEAD = re.compile(r"^(?:请问|那么?|所谓|到底|究竟|文件里|政策里|这里)?(?:的)?|^(?:本法|本条例|本办法|本规定)")
_QUESTION_WORD = re.compile(
    r"什么|哪|谁|多少|几|怎|如何|是否|主要|目的|时间|日期|原则|标准$|条件$|期限$|材料$|程序$|流程$"
)


def defined_terms(question: str) -> tuple[str, ...]:
    """The terms that a question may ask to be explained, the longest first; empty where it asks for something else."""
    text = _TITLE.sub("", question)
    for pattern in _ASKED:
        if match := pattern.search(text):
            term = _LEAD.sub("", match[1]).strip()
            if len(term) < 2 or _QUESTION_WORD.search(term):
                return ()
            tail = term.rsplit("的", 1)[-1]  # 生产企业的质量安全员: the law may define the last noun alone
            return (term, tail) if len(tail) >= 3 and tail != term else (term,)
    return ()


def defines(text: str, terms: tuple[str, ...]) -> bool:
    """Whether `text` has one of the set forms in which a rule says what a term is."""
    return any(_said(term).search(text) for term in terms)


def _said(term: str) -> re.Pattern[str]:
    word = re.escape(term)
    bracket = r"(?:[（(][^（）()]{1,40}[）)])?"
    before = rf"(?:所称的?|所指的?|^|[\s　。；;：:，,、）)“\"]){word}"
    return re.compile(
        rf"{before}[”\"]?{bracket}[，,]?(?:是指|系指|指的是|指|，?即|是(?=[^否]{{6,}}(?:的|统称|总称)))"
        rf"|{word}[”\"]?{bracket}(?:包括|分为|主要包括)"
        rf"|(?:统称|称为?|界定为|认定为|[^作认视]为){word}[。；;）)]"
    )
