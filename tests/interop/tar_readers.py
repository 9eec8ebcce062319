"""Lists each tar that is named on standard input, one path a line, with Python's tarfile: one line of
JSON for each, a list of [name, size], or null where tarfile refuses it."""

import json
import sys
import tarfile

for path in sys.stdin.read().splitlines():
    entries = []
    try:
        with tarfile.open(path, "r:") as archive:
            for member in archive:
                entries.append([member.name, member.size if member.isreg() else None])
        print(json.dumps(entries))
    except (tarfile.TarError, UnicodeError, ValueError, OSError):
        print("null")
