"""Published LoRA and QLoRA measurements: what was measured, of which models, and how each source trained."""
