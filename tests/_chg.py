import sys, time, random
from tests.terminal import *
from tests.benchmarks.generate import *
from tests.benchmarks.live import LiveRun,row
class B: pass
b=B(); b.data=B(); b.data.runs=Path("/tmp/bdq/swarm/runs")
live=LiveRun(b)
with PtyProgram(cockpit_argv("--filter",sys.argv[1],"/tmp/bdq"),env={"HOME":"/tmp/bh"}) as p:
    p.read_until(row,30); 
    if "end" in sys.argv: p.press("end")
    p.settle(2,30)
    for i in range(20):
        p.read_for(random.uniform(.15,.4))
        old=row(p); rec=p.received; t=live.advance(); step=FLOW.steps[(live._sequence-1)%10].id
        try: ms=round((p.read_until(lambda s: row(s)!=old, 60)-t)*1000,1); print(ms, step, end="; ", flush=True)
        except Exception as e: print("ERR", str(e)[:60], step, row(p))
