"""Files that are whole at every moment."""

import os
from pathlib import Path

from attention.inputs import InputError


def write_whole(path, content):
    """Write bytes so that at every moment the file is the old one or the new one, whole.

    Raises
    ------
    InputError : there is no room, or no right to write; the old file is untouched
    """
    path = Path(path)
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        try:
            with open(beside, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            os.replace(beside, path)
        finally:
            beside.unlink(missing_ok=True)
    except OSError as error:
        why = f"{path} could not be written ({error.strerror}); what was there before is untouched"
        raise InputError(why) from None
