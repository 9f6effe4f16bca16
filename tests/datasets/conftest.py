import pytest

from tests.datasets import corpus


@pytest.fixture
def read(tmp_path):
    """What a file of these bytes and this name holds."""

    def read_bytes(data, name="chats.jsonl", **options):
        path = tmp_path / name
        path.write_bytes(data)
        return corpus.read(path, **options)

    return read_bytes


@pytest.fixture
def tokenizer_of_the_tiny_model(settings, tiny_model):
    settings.MODELS_DIR = tiny_model.parent
    settings.TOKENIZER = tiny_model.name
