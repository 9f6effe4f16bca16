"""Measurements of this product, each run by itself; ``published`` holds what others measured."""
