"""The benchmark suite: `python -m tests.benchmarks` measures the design's budgets as ratios within one run.

Not collected by pytest: a timing is a measurement, never a test.
"""
