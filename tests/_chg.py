import sys, time
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
    for i in range(3):
        old=row(p); rec=p.received; t=live.advance()
        try: print(round((p.read_until(lambda s: row(s)!=old, 15)-t)*1000,1), row(p)[30:66]); p.settle(.4); print(p.received-rec)
        except Exception as e: print("ERR", str(e)[:60])
