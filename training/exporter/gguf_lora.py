"""The adapter alone as GGUF, which llama.cpp and Ollama put on a GGUF of its base."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gguf
import torch
from peft import LoraConfig, get_peft_model, set_peft_model_state_dict
from safetensors.torch import load_file

from training.exporter import gguf_tensors
from training.exporter.gguf_model import close
from training.trainer.base import load_base, load_config
from training.trainer.errors import TrainingError
from training.trainer.protocol import JobSpec

NAME = "adapter.gguf"
PREFIX = "base_model.model."
SIDES = {".lora_A.weight": ".lora_a", ".lora_B.weight": ".lora_b"}
"""PEFT's names of an adapter's two matrices -> GGUF's, each after the name of what they are added to."""
UNKNOWN_TO_LLAMA_CPP = ("use_rslora", "use_dora", "rank_pattern", "alpha_pattern", "lora_bias", "modules_to_save")


class GgufLora:
    """Both matrices of each layer in fp32, as llama.cpp's ``convert_lora_to_gguf.py`` writes them."""

    read_back_by = "gguf and peft"

    def write(self, run: JobSpec, adapter: Path, target: Path) -> None:
        """As ``Format.write``; only for Llama models."""
        config = load_config(run)
        gguf_tensors.require_llama(config, run.model_name)
        about = json.loads((adapter / "adapter_config.json").read_text())
        if special := [name for name in UNKNOWN_TO_LLAMA_CPP if about.get(name)]:
            raise TrainingError(
                "not_exportable", f"The adapter uses {', '.join(special)}, which llama.cpp does not know. Export the "
                "merged model instead.",
            )  # fmt: skip
        writer = gguf.GGUFWriter(target / NAME, gguf_tensors.ARCHITECTURE)
        writer.add_type(gguf.GGUFType.ADAPTER)
        writer.add_string(gguf.Keys.Adapter.TYPE, "lora")
        writer.add_float32(gguf.Keys.Adapter.LORA_ALPHA, float(about["lora_alpha"]))
        writer.add_name(run.dataset_name)
        writer.add_license(run.model_license)
        writer.add_file_type(gguf.LlamaFileType.ALL_F32)
        for name, tensor in load_file(adapter / "adapter_model.safetensors").items():
            writer.add_tensor(*_for_gguf(name, tensor.float(), config))
        close(writer)
        if (card := adapter / "README.md").exists():
            (target / card.name).write_text(card.read_text())

    def load(self, run: JobSpec, target: Path, *, device: torch.device, precision: torch.dtype) -> Any:
        """As ``Format.load``: the file's own matrices and alpha, on the base."""
        reader = gguf.GGUFReader(target / NAME)
        config = load_config(run)
        tensors = dict(_from_gguf(reader, config))
        (rank,) = {len(tensor) for name, tensor in tensors.items() if ".lora_A." in name}
        alpha = float(reader.fields[gguf.Keys.Adapter.LORA_ALPHA].contents())
        targets = {name.removesuffix(".lora_A.weight").rpartition(".")[2] for name in tensors if ".lora_A." in name}
        base = load_base(run, device=device, precision=precision)
        model = get_peft_model(base, LoraConfig(r=rank, lora_alpha=alpha, target_modules=sorted(targets)))
        set_peft_model_state_dict(model, tensors)
        return model.to(device).eval()


def _for_gguf(name: str, tensor: torch.Tensor, config: Any) -> tuple[str, Any]:
    side = next(side for side in SIDES if name.endswith(side))
    module = name.removeprefix(PREFIX).removesuffix(side)
    known = gguf_tensors.tensor_names(config).get_name(module)
    if known is None:
        raise TrainingError(
            "not_exportable",
            f"The adapter's layer {module} has no name in GGUF. Export the merged safetensors instead.",
        )
    rows = gguf_tensors.rows_for_gguf(module, tensor, config) if side == ".lora_B.weight" else tensor
    return f"{known}.weight{SIDES[side]}", rows.contiguous().numpy()


def _from_gguf(reader: gguf.GGUFReader, config: Any) -> Iterator[tuple[str, torch.Tensor]]:
    modules = gguf_tensors.modules_by_name(config)
    for tensor in reader.tensors:
        known, _, side = tensor.name.rpartition(".weight")
        rows = torch.from_numpy(tensor.data.copy())
        if side == ".lora_b":
            rows = gguf_tensors.rows_from_gguf(modules[known], rows, config)
        yield f"{PREFIX}{modules[known]}.lora_{side[-1].upper()}.weight", rows
