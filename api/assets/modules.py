"""A page's modules as one: on a slow line every module more is a wait more, and there is no build step to join them in.

It takes the few forms of `import` and `export` that the modules of api/web have and refuses all others, so that nothing is
joined wrongly in silence. Each module becomes a function that is called once, after those of the modules that it imports,
and keeps its names to itself.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from graphlib import TopologicalSorter

_IMPORT = re.compile(r'^import \{([^}"]*)\} from "\./([\w-]+\.js)";$', re.M)
_EXPORT = re.compile(r"^export (?=(?:async function\*?|function\*?|const|class) ([\w$]+))", re.M)
_OTHER = re.compile(r"^(?:import\b|export\b).*|\bimport\(.*", re.M)
_NAMED = re.compile(r"([\w$]+)(?: as ([\w$]+))?")


class NotJoinable(ValueError):
    """A module says something that this does not read; it names the module and the words."""


def joined(entry: str, read: Callable[[str], str]) -> str:
    """The text of one module that does what `entry` does with all that it imports. `read` gives the text of a module.

    Raises NotJoinable, CycleError for modules that import each other, and what `read` raises.

        >>> texts = {"a.js": 'import { x } from "./b.js";\\nx();', "b.js": "export const x = () => 1;"}
        >>> print(joined("a.js", texts.__getitem__))
        const $module0 = (() => {
        const x = () => 1;
        return { x };
        })();
        {
        const { x } = $module0;
        x();
        }
    """
    texts: dict[str, str] = {}
    needs: dict[str, list[str]] = {}
    waiting = [entry]
    while waiting:
        name = waiting.pop()
        if name not in texts:
            texts[name] = read(name)
            needs[name] = [match[2] for match in _IMPORT.finditer(texts[name])]
            waiting += needs[name]
    order = list(TopologicalSorter(needs).static_order())
    numbers = {name: f"$module{n}" for n, name in enumerate(order)}
    return "\n".join(_wrapped(name, texts[name].rstrip("\n"), numbers, last=name == entry) for name in order)


def _wrapped(name: str, text: str, numbers: dict[str, str], last: bool) -> str:
    exported = [match[1] for match in _EXPORT.finditer(text)]

    def bound(match: re.Match[str]) -> str:
        words = [part.strip() for part in match[1].split(",") if part.strip()]
        named = [_NAMED.fullmatch(word) for word in words]
        if not all(named):
            raise NotJoinable(f"{name}: {match[0]}")
        return (
            f"const {{ {', '.join(f'{n[1]}: {n[2]}' if n[2] else n[1] for n in named if n)} }} = {numbers[match[2]]};"
        )

    body = _EXPORT.sub("", _IMPORT.sub(bound, text))
    if other := _OTHER.search(body):
        raise NotJoinable(f"{name}: {other[0][:80]}")
    if last:
        return f"{{\n{body}\n}}"
    return f"const {numbers[name]} = (() => {{\n{body}\nreturn {{ {', '.join(exported)} }};\n}})();"
