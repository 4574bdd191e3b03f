"""Radicals as characters of their own, and the ideographs that they stand for.

Fonts that have one glyph for both make the text layer of a PDF say ⽉ (KANGXI RADICAL MOON) for 月, or ⻓ (CJK RADICAL
C-SIMPLIFIED LONG) for 长: they look the same and match nothing. Every character here stands for one character.
"""

from __future__ import annotations

from unicodedata import normalize

# The property Equivalent_Unified_Ideograph of Unicode, for U+2E81..U+2EF3: a radical and its ideograph, in turn.
_SUPPLEMENT = (
    "⺁厂⺂乛⺃乚⺄乙⺅亻⺆冂⺇𠘨⺈刀⺉刂⺊卜⺋㔾⺌小⺍小⺎兀⺏尣⺐尢⺑𡯂⺒巳⺓幺⺔彑⺕彐⺖忄⺗心⺘扌⺙攵⺛旡⺜日⺝月⺞歺⺟母"
    "⺠民⺡氵⺢氺⺣灬⺤爫⺥爫⺦丬⺧牛⺨犭⺩王⺪𤴔⺫目⺬示⺭礻⺮𥫗⺯糹⺰纟⺱罓⺲罒⺳㓁⺴冗⺵𦉫⺶羊⺷𦍌⺸𦍋⺹耂⺺肀⺻聿⺼肉⺽𦥑"
    "⺾艹⺿艹⻀艹⻁虎⻂衤⻃覀⻄西⻅见⻆角⻇𧢲⻈讠⻉贝⻊𧾷⻋车⻌辶⻍辶⻎辶⻏邑⻐钅⻑長⻒镸⻓长⻔门⻕𨸏⻖阝⻗雨⻘青⻙韦⻚页⻛风"
    "⻜飞⻝食⻞𩙿⻟飠⻠饣⻡𩠐⻢马⻣骨⻤鬼⻥鱼⻦鸟⻧卤⻨麦⻩黄⻪黾⻫斉⻬齐⻭歯⻮齿⻯竜⻰龙⻱龜⻲亀⻳龟"
)
_DOOR = {0x2F3E: "户"}  # Unicode has the traditional 戶; fonts of simplified Chinese show 户 here

EQUIVALENTS: dict[int, str] = {
    **{code: normalize("NFKC", chr(code)) for code in range(0x2F00, 0x2FD6)},
    **{ord(radical): ideograph for radical, ideograph in zip(_SUPPLEMENT[::2], _SUPPLEMENT[1::2], strict=True)},
    **_DOOR,
}
"""For str.translate: all Kangxi radicals and those of the supplement that have an ideograph."""
