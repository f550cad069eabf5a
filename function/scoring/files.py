"""Writes a file whole or not at all.

    with replacing(path) as temporary:
        joblib.dump(model, temporary)

Whoever opens `path` meanwhile finds the old file or the new one, never half of it. Missing
directories are made; when the block raises, nothing is left behind.
"""

import os
import tempfile
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def replacing(path: Path):
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(prefix=path.name + ".", dir=path.parent)
    os.close(handle)
    try:
        yield temporary
        os.chmod(temporary, 0o644)
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise
