"""The compiled month: needs open, seek a door, queue, are served, and come back."""
