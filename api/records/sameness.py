"""When two questions are the same one: what stays of a question without courtesies, punctuation and spaces.

Nothing that could change the answer goes: names, levels, years, figures and the words that ask all stay.
"""

from __future__ import annotations

import re
import unicodedata

_COURTESY = re.compile(
    r"^(?:(?:您好|你好|您们好|你们好|喂|嗨|老师|同志|麻烦|劳驾|不好意思|打扰一?下|想?请教一?下|想?请问一?下|我?想?问一?下|咨询一?下|我想(?:咨询|知道|了解)(?:一下)?|想知道|请问|请教|问一?下)[，,。！!～~]*)+"
)
# ++: an ending is taken once and never taken apart again, or a question made of thanks would take for ever.
_ENDING = re.compile(r"(?:谢谢(?:您|你|啦|了)?|多谢|感谢|麻烦了|急|在线等|啊|呀|呢|哦|哈|嘛|呐|哪|喔|啦)++$")


def sameness(question: str) -> str:
    """The form in which questions are compared."""
    text = unicodedata.normalize("NFKC", question).casefold()
    text = re.sub(r"\s+", "", text)
    before = None
    while text and before != text:
        before = text
        text = _COURTESY.sub("", text)
        text = re.sub(r"[^\w%]+$", "", text)
        text = _ENDING.sub("", text)
    kept = "".join(c for c in text if unicodedata.category(c)[0] in "LNS" or c in "%.-/~")
    return kept or unicodedata.normalize("NFKC", question).strip()
