"""The merged model as one GGUF file, with an Ollama Modelfile."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import gguf
import torch
from gguf.quants import quantize
from transformers import AutoModelForCausalLM

from training.exporter import gguf_tensors, gguf_vocabulary
from training.exporter.card import merged_card
from training.exporter.merged import merged_model
from training.exporter.modelfile import Messages, found_turns, modelfile
from training.trainer.answers import ends
from training.trainer.base import load_config, load_tokenizer
from training.trainer.errors import TrainingError
from training.trainer.protocol import JobSpec

F16, F32, Q8_0 = (gguf.GGMLQuantizationType[name] for name in ("F16", "F32", "Q8_0"))
FILE_TYPES = {F16: gguf.LlamaFileType.MOSTLY_F16, Q8_0: gguf.LlamaFileType.MOSTLY_Q8_0}
QUANTIZATION_VERSION = 2
"""Of the blocks' layout (GGML_QNT_VERSION)."""


class GgufModel:
    """Matrices in one type, norms in fp32, as llama.cpp's converter has them."""

    read_back_by = "transformers"

    def __init__(self, kind: gguf.GGMLQuantizationType) -> None:
        self.kind = kind
        self.name = f"model-{kind.name.lower()}.gguf"

    def write(self, run: JobSpec, adapter: Path, target: Path) -> None:
        """As ``Format.write``; only Llama models with a byte-level tokenizer can be."""
        gguf_tensors.require_llama(load_config(run), run.model_name)
        tokenizer = load_tokenizer(run)
        model = merged_model(run, adapter)
        writer = gguf.GGUFWriter(target / self.name, gguf_tensors.ARCHITECTURE)
        writer.add_type(gguf.GGUFType.MODEL)
        writer.add_name(run.dataset_name)
        writer.add_license(run.model_license)
        writer.add_file_type(FILE_TYPES[self.kind])
        writer.add_quantization_version(QUANTIZATION_VERSION)
        gguf_tensors.describe(writer, model.config)
        gguf_vocabulary.describe(writer, tokenizer, size=model.config.vocab_size)
        for name, tensor in gguf_tensors.named_tensors(model):
            kind = self._kind(tensor)
            writer.add_tensor(name, _exact(name, quantize(tensor.float().numpy(), kind)), raw_dtype=kind)
        close(writer)
        (target / "Modelfile").write_text(_modelfile(self.name, tokenizer, ends(model, tokenizer)))
        (target / "README.md").write_text(merged_card(run, adapter))

    def load(self, run: JobSpec, target: Path, *, device: torch.device, precision: torch.dtype) -> Any:
        """As ``Format.load``, by Transformers' own reader of GGUF."""
        model = AutoModelForCausalLM.from_pretrained(target, gguf_file=self.name, dtype=precision)
        _set_positions(model, gguf.GGUFReader(target / self.name))
        return model.to(device).eval()

    def _kind(self, tensor: torch.Tensor) -> gguf.GGMLQuantizationType:
        if tensor.dim() == 1:
            return F32
        return self.kind if tensor.shape[-1] % gguf.GGML_QUANT_SIZES[self.kind][0] == 0 else F16


def close(writer: gguf.GGUFWriter) -> None:
    """Write header and tensors to the disk."""
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def _exact(name: str, data: Any) -> Any:
    """Raises TrainingError where fp16 is too narrow for a weight."""
    if data.dtype.kind == "f" and not abs(data).max() < float("inf"):
        raise TrainingError("not_exportable", f"The weight {name} is too large for fp16. Export safetensors instead.")
    return data


def _set_positions(model: Any, reader: gguf.GGUFReader) -> None:
    """Transformers' reader passes the factors of Llama 3.1's positions over: take them from the file."""
    found = [tensor for tensor in reader.tensors if tensor.name == "rope_freqs.weight"]
    if found:
        factors = torch.from_numpy(found[0].data.copy())
        model.model.rotary_emb.inv_freq = gguf_tensors.plain_frequencies(model.config) / factors


def _modelfile(weights: str, tokenizer: Any, stops: list[int]) -> str:
    added = tokenizer.bos_token if gguf_vocabulary.adds_begin(tokenizer) else ""
    return modelfile(weights, found_turns(_renderer(tokenizer), added=added), tokenizer.convert_ids_to_tokens(stops))


def _renderer(tokenizer: Any) -> Callable[[Messages, bool], str]:
    return lambda messages, opens: str(
        tokenizer.apply_chat_template(messages, add_generation_prompt=opens, tokenize=False)
    )
