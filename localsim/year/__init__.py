"""The year's decisions: fund, listen, allocate, commission; and what they make of the world."""
