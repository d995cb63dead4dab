"""Sources published in the United States."""
