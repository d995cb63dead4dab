"""What a person sees: browser pages, bulletin and command line. No arithmetic beyond formatting."""
