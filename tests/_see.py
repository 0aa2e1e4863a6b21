import sys
from tests.terminal import *
with PtyProgram(cockpit_argv(*sys.argv[1:]),env={"HOME":"/tmp/bh"}) as p:
    try: p.settle(2,30)
    except Exception as e: print(e)
    print(p.text, p.received, p.process.poll())
