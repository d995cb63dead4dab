"""Where the states are, and what lies across the line."""
