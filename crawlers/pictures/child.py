"""The child that decodes one hostile picture and has Tesseract read it: bytes in, one JSON object out.

Started as a clean interpreter for each picture, without environment, with
limits on memory, processor time and wall time, unable to write any file. What
comes of a picture that breaks it is said by its parent (``crawlers.pictures.reader``).
"""

import resource
import signal
import sys
from subprocess import CalledProcessError

from crawlers.pictures.items import PictureReading, to_json
from crawlers.pictures.sniff import sniff
from models.enums import PictureProblem

# Far above what phones make; a decoded picture stays below 4 bytes for each.
MAX_PIXELS = 40_000_000
MAX_SIDE = 16_000


def main() -> None:
    """Read a picture from standard input; arguments are limits and the recogniser's path."""
    memory_bytes, seconds = int(sys.argv[1]), int(sys.argv[2])
    tesseract = sys.argv[3]
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's business
    signal.alarm(seconds + 1)  # ends the process even where its parent is gone
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    body = sys.stdin.buffer.read()
    sys.stdout.buffer.write(to_json(read(body, tesseract)))


def read(body: bytes, tesseract: str) -> PictureReading:
    """Decode a picture, hash it and read its words.

    Args:
        body: as the server sent it.
        tesseract: path of the recogniser.
    """
    kind = sniff(body)
    if isinstance(kind, PictureProblem):
        return PictureReading(kind)
    # Loaded only for what looks like a picture: this is most of a short run's time.
    from crawlers.pictures.decoding import decode_picture
    from crawlers.pictures.recognising import recognise

    decoded = decode_picture(body, kind, max_pixels=MAX_PIXELS, max_side=MAX_SIDE)
    if decoded.grey is None:
        return PictureReading(decoded.problem, kind, decoded.width, decoded.height)
    shape = (kind, decoded.width, decoded.height, decoded.perceptual_hash)
    try:
        found = recognise(decoded.grey, tesseract)
    except CalledProcessError:
        return PictureReading(PictureProblem.READER_DIED, *shape)
    return PictureReading(decoded.problem, *shape, found.text, found.confidence, found.reader)


if __name__ == "__main__":
    main()
