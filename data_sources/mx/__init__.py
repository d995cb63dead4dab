"""Sources published in Mexico."""
