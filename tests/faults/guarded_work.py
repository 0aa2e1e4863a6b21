"""What a job of the race does: it notices when somebody else does the same at the same time. Needs no packages."""

import os
import sys

guarded, run = sys.argv[1:]
busy = os.path.join(guarded, "busy")  # noqa: PTH118 - starts within milliseconds
try:
    os.mkdir(busy)  # noqa: PTH102
except FileExistsError:
    with open(os.path.join(guarded, "overlap"), "a") as file:  # noqa: PTH118, PTH123
        file.write(f"{run}\n")
    sys.exit(9)
for _ in range(50):
    # Room for the others to come in between.
    os.sched_yield()
with open(os.path.join(run, "done"), "a") as file:  # noqa: PTH118, PTH123
    file.write("x")
os.rmdir(busy)  # noqa: PTH106
