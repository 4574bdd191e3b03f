"""The index carried by Milvus: one collection a generation, an alias that names the one in use, searched by several machines.

address.py   where it is: milvus://host:19530/collection, or a file (Milvus Lite)
client.py    the connection: deadlines, and errors as the program tells them
stored.py    the collection of a generation: its fields, and rows read from it and kept for a while
parts.py     BM25, vectors, passages and documents of a generation, as index.parts asks for them
publish.py   a new generation built beside the one in use, and switched to
carrier.py   all of it as index.snapshot uses it
"""

__all__: list[str] = []
