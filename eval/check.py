"""`tiaowen eval check FILE...`: whether gold files can be read, what is in them, and whether the documents hold their quotes."""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from corpus.store import Store
from eval.answers import is_covered, squeeze
from eval.datasets import BadDataset, GoldConversation, GoldQuestion, GoldRetrieval, GoldRow, read_gold
from eval.report import table

MOST_TOLD = 20


def quotes_of(row: GoldRow) -> Iterator[tuple[str, str]]:
    """(id, quote) of what a row says that the documents hold."""
    if isinstance(row, GoldConversation):
        for turn in row.turns:
            yield from quotes_of(turn)
    elif isinstance(row, GoldQuestion):
        yield row.id, row.quote
    elif isinstance(row, GoldRetrieval):
        yield from ((row.id, quote) for quote in row.quotes)


def unfound(rows: Sequence[GoldRow], store: Store) -> list[tuple[str, str]]:
    """(id, quote) of the quotes that no document holds, whole or for the most part."""
    texts = [squeeze(text) for text in (document.text for document in store.documents())]
    return [
        (ident, quote)
        for row in rows
        for ident, quote in quotes_of(row)
        if not any(squeeze(quote) in text for text in texts) and not any(is_covered(quote, text) for text in texts)
    ]


def require_unique(path: Path, rows: Sequence[GoldRow]) -> None:
    """Raises BadDataset where an id stands twice: rows are compared and named by it."""
    twice = next((ident for ident, n in Counter(row.id for row in rows).items() if n > 1), None)
    if twice is not None:
        raise BadDataset(f"{path} 中编号 {twice} 出现了两次", "每行的 id 应各不相同")


def main(arguments: Sequence[str]) -> int:
    """The command line. Returns 1 where a quote stands in no document, else 0. Raises BadDataset, StoreError."""
    parser = argparse.ArgumentParser(prog="tiaowen eval check", description="检查问题集：能否读出，引文是否在文件里")
    parser.add_argument("datasets", nargs="+", type=Path, metavar="FILE", help="jsonl 文件")
    parser.add_argument("--data", type=Path, help="数据目录：引文应逐字在这里的文件里")
    given = parser.parse_args(arguments)
    store = Store(given.data, create=False) if given.data else None
    status = 0
    for path in given.datasets:
        rows = read_gold(path)
        require_unique(path, rows)
        if not rows:
            raise BadDataset(f"{path} 中没有问题", "每行一个 JSON 对象，写法见 docs/evaluation.md")
        print(f"{path.name}：{len(rows)} 行")
        print(table(["种类", "行"], [[name, str(n)] for name, n in sorted(Counter(map(_kind, rows)).items())]))
        missing = unfound(rows, store) if store else []
        for ident, quote in missing[:MOST_TOLD]:
            print(f"引文不在文件里：{ident}  {quote[:60]}")
        if missing:
            print(f"共 {len(missing)} 处引文不在文件里：不是逐字抄的，或文件没有导入")
            status = 1
    return status


def _kind(row: GoldRow) -> str:
    if isinstance(row, GoldQuestion):
        return row.type
    return {"GoldConversation": "conversation", "GoldRetrieval": "retrieval"}.get(type(row).__name__, "unanswerable")
