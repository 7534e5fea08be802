"""Programs that measure what PERFORMANCE promises; `python -m benchmarks.table` runs them all."""
