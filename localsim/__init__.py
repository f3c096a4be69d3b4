"""When a place runs its public services locally, what gets better, for whom, at what cost?"""

__version__ = "0.1.0"
