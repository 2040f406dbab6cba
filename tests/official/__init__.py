"""Writers of made-up files in the formats that benchmarks are published in. Their numbers mean nothing."""
