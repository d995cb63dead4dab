"""What publishers say, made tidy: sources, vocabularies and the store of vintages. No statistics."""
