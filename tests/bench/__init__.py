"""What benchmarks are made of, tried small."""
