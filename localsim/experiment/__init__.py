"""Again and again: a question asked of the model under many draws of luck, and its answers."""
