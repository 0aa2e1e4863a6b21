"""What a job of the race does: it notices when somebody else does the same at the same time. Needs no packages."""

import os
import sys
import time

MEETINGS = 5

guarded, run = sys.argv[1:]
busy = os.path.join(guarded, "busy")  # noqa: PTH118 - starts within milliseconds
try:
    os.mkdir(busy)  # noqa: PTH102
except FileExistsError:
    with open(os.path.join(guarded, "overlap"), "a") as file:  # noqa: PTH118, PTH123
        file.write(f"{run}\n")
    sys.exit(9)
# Long enough for the others to come in between: until some of them were refused. At the end nobody comes any more.
refused = os.path.join(run, "..", "..", "refused")  # noqa: PTH118
size = os.path.getsize(refused)  # noqa: PTH202
patience = time.monotonic() + 1
while os.path.getsize(refused) < size + MEETINGS and time.monotonic() < patience:  # noqa: PTH202
    time.sleep(0.002)
with open(os.path.join(run, "done"), "a") as file:  # noqa: PTH118, PTH123
    file.write("x")
os.rmdir(busy)  # noqa: PTH106
