"""What the panel decides on signals: who may decide what, and the log of what was decided."""
