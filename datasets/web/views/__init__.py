"""The pages of data sets."""
