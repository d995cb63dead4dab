"""The embedded default: published official figures with their origins."""
