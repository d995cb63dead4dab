"""Sources published by international bodies."""
