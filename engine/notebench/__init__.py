"""NoteBench: the benchmark for writing in somebody's style."""
