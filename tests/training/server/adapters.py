"""``python adapters.py BASE TARGET STRENGTH NAME…``: random LoRA adapters of several kinds, by their names.

Started from outside the project root, like everything that imports transformers.
"""

import json
import sys
from pathlib import Path

import torch
from peft import LoraConfig, get_peft_model
from transformers import AutoModelForCausalLM

KINDS = {
    "red": {"r": 8, "lora_alpha": 16, "target_modules": "all-linear"},
    "blue": {"r": 2, "lora_alpha": 8, "target_modules": ["q_proj", "v_proj"]},
    "green": {"r": 4, "lora_alpha": 16, "target_modules": ["gate_proj", "down_proj"], "use_rslora": True},
    "biased": {"r": 2, "target_modules": ["q_proj"], "bias": "lora_only"},
    "saving": {"r": 2, "target_modules": ["q_proj"], "modules_to_save": ["lm_head"]},
    "decomposed": {"r": 2, "target_modules": ["q_proj"], "use_dora": True},
}
CHANGED = {"principal": {"init_lora_weights": "pissa"}, "repeated": {"layer_replication": [[0, 2], [1, 2]]}}
"""What is put into the configuration of one like blue: making them needs a base model that changes."""


def make(base, folder, seed, strength, **kind):
    torch.manual_seed(seed)
    model = get_peft_model(AutoModelForCausalLM.from_pretrained(base), LoraConfig(task_type="CAUSAL_LM", **kind))
    for name, weight in model.named_parameters():
        if "lora_B" in name:
            torch.nn.init.normal_(weight, std=strength)
    model.save_pretrained(folder, save_embedding_layers=False)


def main(base, target, strength, names):
    for seed, name in enumerate(names):
        make(base, target / name, seed, float(strength), **KINDS.get(name, KINDS["blue"]))
        if change := CHANGED.get(name):
            file = target / name / "adapter_config.json"
            file.write_text(json.dumps(json.loads(file.read_text()) | change))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), sys.argv[3], sys.argv[4:])
