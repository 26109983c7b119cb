"""Speed as ratios: ``python -m tests.benchmarks [NAME]``; see `harness`."""
