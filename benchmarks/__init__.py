"""Speed, memory and the gain of paired luck, measured; see `RESULTS.md`."""
