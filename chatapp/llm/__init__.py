"""Language models: what they cost."""
