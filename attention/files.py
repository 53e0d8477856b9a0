"""Files that are whole at every moment."""

import os
import tempfile
from pathlib import Path

from attention.inputs import InputError


def write_whole(path, content):
    """Write bytes so that at every moment the file is the old one or the new one, whole.

    Raises
    ------
    InputError : there is no room, or no right to write; the old file is untouched
    """
    path = Path(path)
    beside = None
    try:
        handle, beside = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(beside, path)
    except OSError as error:
        if beside:
            Path(beside).unlink(missing_ok=True)
        raise InputError(
            f"{path} could not be written ({error.strerror or error}); what was there before is untouched"
        ) from None
