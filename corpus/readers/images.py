"""Pictures of pages (png, jpg, tiff with several pages, bmp, webp): read by text recognition, ocr.py.

Pillow opens them; what it cannot make out as a picture is left to the other readers. A picture is checked for its size
before it is unpacked, scaled down to what recognition takes, and turned as its camera says.
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from PIL import Image, ImageOps, ImageSequence, UnidentifiedImageError

from corpus.errors import BadFile, TooLarge
from corpus.readers import ocr, pdf
from corpus.readers.errors import Damaged
from corpus.readers.lines import Line

_FORMATS = ("PNG", "JPEG", "TIFF", "BMP", "WEBP", "GIF")
_MAGIC = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"II*\x00", b"MM\x00*", b"GIF8")


def matches(data: bytes) -> bool:
    """Whether the bytes are a picture whose head can be read."""
    webp = data.startswith(b"RIFF") and data[8:12] == b"WEBP"
    # BM begins text too: there the four bytes that bitmaps keep at zero decide.
    bitmap = data.startswith(b"BM") and data[6:10] == bytes(4)
    if not (webp or bitmap or data.startswith(_MAGIC)):
        return False
    try:
        with _opened(data):
            return True
    except TooLarge:
        return True
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError):
        return webp  # which is looked at whole; the marks of the others may begin something else


def read(data: bytes) -> list[Line]:
    """The lines of a picture, its frames being pages.

    Raises NoTextLayer where recognition is not installed or finds nothing, TooLarge or Damaged.
    """
    if (problem := ocr.problem()) is not None:
        raise problem
    try:
        with _opened(data) as picture:
            ocr.check_pages(getattr(picture, "n_frames", 1))
            pages = [ocr.read_picture(_pixels(frame)) for frame in ImageSequence.Iterator(picture)]
    except BadFile:
        raise
    except MemoryError as error:
        raise TooLarge("图片展开后过大", "请降低扫描分辨率（300 dpi 即可）后重新导入") from error
    except Exception as error:  # Pillow's decoders raise almost anything on broken files
        raise Damaged("图片已损坏或不完整，无法打开", "请重新下载或重新扫描后再导入") from error
    return pdf.lines_of_pictures(pages)


@contextmanager
def _opened(data: bytes) -> Iterator[Image.Image]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a size near Pillow's own limit: ours is checked for every frame
        try:
            with Image.open(io.BytesIO(data), formats=_FORMATS) as picture:
                yield picture
        except Image.DecompressionBombError as error:
            raise _too_many_pixels() from error


def _pixels(frame: Image.Image) -> Any:
    """A frame as an array of bytes, grey or blue-green-red, not larger than recognition takes."""
    import numpy as np

    if frame.width * frame.height > ocr.MAX_PIXELS:
        raise _too_many_pixels()
    frame.draft("RGB", (ocr.SIDE, ocr.SIDE))  # jpeg unpacks straight to about this size
    picture: Image.Image = ImageOps.exif_transpose(frame)
    if picture.mode.startswith("I;16"):
        picture = Image.fromarray((np.asarray(picture) >> 8).astype("uint8"))
    elif picture.mode == "1":
        picture = picture.convert("L")
    elif "A" in picture.getbands() or "transparency" in picture.info:
        drawn = picture.convert("RGBA")
        picture = Image.new("RGB", drawn.size, "white")
        picture.paste(drawn, mask=drawn.getchannel("A"))
    elif picture.mode not in ("L", "RGB"):
        picture = picture.convert("RGB")
    picture.thumbnail((ocr.SIDE, ocr.SIDE), reducing_gap=2.0)
    array = np.asarray(picture)
    return array if array.ndim == 2 else array[:, :, ::-1]


def _too_many_pixels() -> TooLarge:
    return TooLarge(
        f"图片超过 {ocr.MAX_PIXELS // 10_000} 万像素", "请降低扫描分辨率（300 dpi 即可）或拆成多张后重新导入"
    )
