"""The catalogue's cards: what was on offer stays as it was, and what an administrator entered is never overwritten."""

import importlib
from pathlib import Path

import pytest
from django.apps import apps

from training.core.throughput import Workload, speeds
from training.models import BaseModel, GpuType

pytestmark = pytest.mark.django_db
more_gpus = importlib.import_module("training.migrations.0012_more_gpus")
SPECIFIED = {
    "A100-80GB": (3.50, 1800, 80),
    "A100-40GB": (2.80, 1500, 40),
    "H100": (4.20, 2200, 80),
    "V100-32GB": (2.10, 1200, 32),
}


def test_only_the_specifications_four_are_on_offer_and_their_list_figures_stay():
    offered = GpuType.objects.filter(is_active=True)
    figures = {gpu.name: (float(gpu.price_per_hour), gpu.tokens_per_second, gpu.memory_gib) for gpu in offered}
    assert figures == SPECIFIED


def test_every_card_is_known_in_full_and_its_price_has_a_date_and_a_source():
    assert set(GpuType.objects.values_list("name", flat=True)) == set(more_gpus.CHIPS)
    for gpu in GpuType.objects.all():
        assert gpu.price_as_of, gpu
        assert gpu.price_source, gpu
        assert 0.9 * gpu.memory_gib < gpu.usable_gib <= gpu.memory_gib, gpu
        assert gpu.card.memory_gib == gpu.usable_gib
        assert gpu.chip.peak >= gpu.chip.peak_fp32
        assert gpu.interconnect
        gpu.full_clean()


def test_the_documentation_has_every_card_as_the_catalogue_has_it():
    page = (Path(__file__).resolve().parents[3] / "docs" / "estimates.md").read_text()
    for gpu in GpuType.objects.all():
        figures = f"{gpu.memory_gib:g}, {gpu.usable_gib:g} | {gpu.peak_tflops:,g}, {gpu.peak_fp32_tflops:g}"
        speed = f"{gpu.bandwidth_gb_s:,g} | {'yes' if gpu.has_bf16 else 'no'} | {gpu.get_interconnect_display()}"
        assert f"| {gpu.name} | {figures} | {speed} | {gpu.tokens_per_second:,} | {gpu.price_per_hour:.2f}, " in page


def test_list_throughputs_of_the_new_cards_are_about_what_the_architecture_gives():
    llama = BaseModel.objects.get(name="meta-llama/Llama-3.1-8B-Instruct").dimensions
    work = Workload(model=llama, sequences=4, sequence_length=512, rank=16, micro_batch_size=4)
    for gpu in GpuType.objects.exclude(name__in=SPECIFIED):
        speed = speeds(work, gpu.chip, 1)[0].tokens_per_second
        assert gpu.tokens_per_second == pytest.approx(speed, rel=0.25), gpu


def test_what_an_administrator_entered_stays_and_gaps_are_filled():
    GpuType.objects.filter(name="L4").update(
        price_per_hour="0.11", is_active=True, memory_gib=20, usable_gib=19, peak_tflops=None, tokens_per_second=5
    )
    more_gpus.add(apps, None)
    mine = GpuType.objects.get(name="L4")
    assert (float(mine.price_per_hour), mine.is_active, mine.tokens_per_second) == (0.11, True, 5)
    assert (mine.memory_gib, mine.usable_gib, mine.peak_tflops) == (20, 19, 121)
    assert GpuType.objects.filter(name="L4").count() == 1


@pytest.mark.parametrize("unknown", ["peak_tflops", "peak_fp32_tflops", "bandwidth_gb_s"])
def test_a_card_without_a_figure_has_no_speed_by_architecture(unknown):
    GpuType.objects.filter(name="H100").update(**{unknown: None})
    assert GpuType.objects.get(name="H100").chip is None


def test_without_usable_memory_what_is_sold_counts():
    GpuType.objects.filter(name="H100").update(usable_gib=None)
    assert GpuType.objects.get(name="H100").card.memory_gib == 80
