"""Signs of symbol fonts (Wingdings, Webdings, Symbol) as the Unicode characters that look like them.

Word keeps such a sign as a code of its font, often moved to the private area from U+F000 on; without the font the code
means nothing. Known are the signs that forms and lists use: boxes, ticks, circles, arrows, circled digits, Greek letters.
"""

from __future__ import annotations

_WINGDINGS = {
    0x20: " ", 0x28: "☎", 0x2A: "✉", 0x3F: "✍", 0x41: "✌", 0x45: "☜", 0x46: "☞", 0x47: "☝", 0x48: "☟", 0x4A: "☺", 0x4C: "☹",
    0x51: "✈", 0x52: "☼", 0x54: "❄", 0x6C: "●", 0x6D: "❍", 0x6E: "■", 0x6F: "□", 0x70: "□", 0x71: "❑", 0x72: "❒", 0x73: "◆",
    0x74: "◆", 0x75: "◆", 0x76: "❖", 0x77: "◆", 0x78: "☒", 0x7B: "❀", 0x7C: "✿", 0x7D: "❝", 0x7E: "❞", 0x9E: "·", 0x9F: "•",
    0xA0: "▪", 0xA1: "○", 0xA2: "○", 0xA3: "○", 0xA4: "◉", 0xA5: "◎", 0xA6: "○", 0xA7: "▪", 0xA8: "□", 0xAA: "✦", 0xAB: "★",
    0xAC: "✶", 0xB7: "•", 0xD8: "➢", 0xDC: "➲", 0xDF: "←", 0xE0: "→", 0xE1: "↑", 0xE2: "↓", 0xE3: "↖", 0xE4: "↗", 0xE5: "↙",
    0xE6: "↘", 0xE8: "➔", 0xEF: "⇦", 0xF0: "⇨", 0xF1: "⇧", 0xF2: "⇩", 0xF3: "⇔", 0xFB: "×", 0xFC: "√", 0xFD: "☒", 0xFE: "☑",
    0x80: "⓪", 0x8B: "⓿",
    **{0x81 + i: chr(ord("①") + i) for i in range(10)}, **{0x8C + i: chr(ord("❶") + i) for i in range(10)},
}  # fmt: skip
_WINGDINGS_2 = {
    0x4F: "×", 0x50: "√", 0x51: "☒", 0x52: "☑", 0x53: "☒", 0x54: "☒", 0x97: "●", 0x98: "●", 0x99: "◎", 0xA0: "▪", 0xA2: "■",
    0xA3: "□", 0x69: "⓪", **{0x6A + i: chr(ord("①") + i) for i in range(10)},
}  # fmt: skip
_WEBDINGS = {0x61: "√", 0x63: "□", 0x67: "■", 0x6E: "●", 0x72: "×"}
_SYMBOL = {
    **dict(zip(range(0x41, 0x5B), "ΑΒΧΔΕΦΓΗΙϑΚΛΜΝΟΠΘΡΣΤΥςΩΞΨΖ", strict=True)),
    **dict(zip(range(0x61, 0x7B), "αβχδεφγηιϕκλμνοπθρστυϖωξψζ", strict=True)),
    **{code: chr(code) for code in b"0123456789 !#%&()+,./:;<=>?[]_{|}"},
    0x2D: "−", 0x7E: "∼", 0xA2: "′", 0xA3: "≤", 0xA5: "∞", 0xAB: "↔", 0xAC: "←", 0xAD: "↑", 0xAE: "→", 0xAF: "↓", 0xB0: "°",
    0xB1: "±", 0xB2: "″", 0xB3: "≥", 0xB4: "×", 0xB7: "•", 0xB8: "÷", 0xB9: "≠", 0xBA: "≡", 0xBB: "≈", 0xBC: "…", 0xCE: "∈",
    0xD6: "√", 0xD7: "⋅", 0xDE: "⇒", 0xE5: "∑", 0xF2: "∫",
}  # fmt: skip
_FONTS = {"wingdings": _WINGDINGS, "wingdings 2": _WINGDINGS_2, "webdings": _WEBDINGS, "symbol": _SYMBOL}
# A code of the private area whose font is not named: what policy files mean by it.
_ANY = {**_WINGDINGS, 0x52: "☑", 0xA3: "□"}


def is_symbol_font(font: str) -> bool:
    """Whether a font has signs in the places of letters."""
    return font.lower() in _FONTS


def sign(font: str, code: int) -> str | None:
    """The character that a code of a font shows, None where it is not known.

    Example: `sign("Wingdings", 0xF0FE)` gives ☑.
    """
    table = _FONTS.get(font.lower())
    private = 0xF000 <= code <= 0xF0FF
    if table is None and not private:
        return None if 0xE000 <= code <= 0xF8FF or not 0x20 <= code < 0x110000 else chr(code)
    return (_ANY if table is None else table).get(code - 0xF000 if private else code)


def as_shown(text: str, font: str) -> str:
    """A text that is set in a symbol font as it is seen; characters that the font has not, such as Chinese, stay."""
    return "".join((sign(font, ord(c)) or c) if ord(c) < 0x100 or "\uf000" <= c <= "\uf0ff" else c for c in text)
