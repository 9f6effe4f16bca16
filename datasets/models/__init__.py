"""A data set, the versions of its file, and their tokens for one tokenizer or another."""

from datasets.models.dataset import Dataset
from datasets.models.version import DatasetVersion, TokenCache, cache_path, left_out_path, upload_path

__all__ = ["Dataset", "DatasetVersion", "TokenCache", "cache_path", "left_out_path", "upload_path"]
