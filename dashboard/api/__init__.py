"""The read-only interface for programs: the pages' figures as JSON and CSV, under the pages' own rules."""
