"""Facts to verdict: pure functions of a run's detail and the moment. No I/O."""
