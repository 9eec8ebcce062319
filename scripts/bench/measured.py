"""Runs a command to its end and prints one JSON object: seconds, cpuSeconds, residentMiB (the
maximum) and the exit code. The command's output goes to standard error."""

import json
import os
import sys
import time

begun = time.monotonic()
child = os.fork()
if child == 0:
    os.dup2(2, 1)
    os.execvp(sys.argv[1], sys.argv[1:])
_, status, usage = os.wait4(child, 0)
print(json.dumps({
    "seconds": time.monotonic() - begun,
    "cpuSeconds": usage.ru_utime + usage.ru_stime,
    "residentMiB": usage.ru_maxrss / 1024,
    "code": os.waitstatus_to_exitcode(status),
}))
