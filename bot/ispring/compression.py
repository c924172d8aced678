"""A body as it was before it was compressed, in steps of bounded size.

httpx would obey any stack of encodings and inflate a whole piece before anybody counts what comes out: two kilobytes
can become gigabytes of memory. So one encoding is asked for, no other is read, and each step is counted.
"""

import zlib
from collections.abc import AsyncIterator

import httpx

from bot.domain.errors import TrainingUnreadable

ACCEPTED = "gzip"
STEP = 256 << 10  # bytes inflated at a time: as much as is taken from a socket
GZIP = 16 + zlib.MAX_WBITS  # with gzip's own header and checksum


def plain(response: httpx.Response, what: str) -> AsyncIterator[bytes]:
    """A body's bytes, none of them read yet; `place` names the call. Raises TrainingUnreadable where it is compressed
    in another way or breaks off."""
    encoding = response.headers.get("Content-Encoding", "").strip().lower()
    if encoding in ("", "identity"):
        return response.aiter_raw()
    if encoding != ACCEPTED:
        raise _not_to_be_read(what)
    return _inflated(response.aiter_raw(), what)


async def _inflated(chunks: AsyncIterator[bytes], what: str) -> AsyncIterator[bytes]:
    inflater = zlib.decompressobj(GZIP)
    is_empty = True
    try:
        async for chunk in chunks:
            is_empty = False
            left = chunk
            while left and not inflater.eof:
                yield inflater.decompress(left, STEP)
                left = inflater.unconsumed_tail
            if left or inflater.unused_data:
                raise _not_to_be_read(what)  # what follows the end is another body, or none
        while not inflater.eof and (rest := inflater.decompress(b"", STEP)):
            yield rest
    except zlib.error:
        raise _not_to_be_read(what) from None
    if not inflater.eof and not is_empty:
        raise TrainingUnreadable(f"iSpring's answer to {what} ends in the middle: it was cut off on its way.")


def _not_to_be_read(what: str) -> TrainingUnreadable:
    return TrainingUnreadable(f"iSpring's answer to {what} is compressed in a way that can't be read.")
