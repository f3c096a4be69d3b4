"""Who decides, with whose money, on what evidence, by which rule."""
