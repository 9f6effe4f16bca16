"""What a run would train on, on the configure page and on a job's."""

import pytest

from tests.training.measured import record
from tests.training.web import fits
from training.core.presets import PRESETS
from training.models import BaseModel, DataFit, TrainingJob

pytestmark = pytest.mark.django_db

URL = "/training/configure"
ESTIMATE_URL = "/training/configure/estimate"
POLL = {"check": "on"}
FAILED = {"status": "failed", "reason": "It broke."}
LOST = {"conversations": 893, "lost_count": 7, "lost": fits.lost(*range(1, 8))}
REFUSED = [
    ({"status": "waiting"}, "being checked for this base model (0 %)"),
    ({"status": "checking", "progress": 40}, "being checked for this base model (40 %)"),
    ({"status": "failed", "reason": "The tokenizer cannot be read."}, "The tokenizer cannot be read."),
    (fits.READY | LOST, "7 rows of the data set, or a part of their answers, would not be trained on."),
    (fits.READY | {"pairs": 0, "conversations": 0} | LOST, "No row of the data set can be trained on"),
]


def values(dataset, **changes):
    return {
        "dataset_id": str(dataset.pk),
        "base_model": BaseModel.objects.get(is_default=True).pk,
        "preset_id": "balanced",
        "gpu_type": "A100-80GB",
        "gpu_count": 2,
        **PRESETS["balanced"].hyperparameters.to_dict(),
    } | changes


def text(answer):
    return " ".join(answer.content.decode().split())


def card(client, dataset, **changes):
    return text(client.post(ESTIMATE_URL, values(dataset, **changes), headers={"HX-Request": "true"}))


def test_opening_the_page_asks_for_the_check_and_so_does_choosing_a_model(signed_in, dataset):
    DataFit.objects.all().delete()
    signed_in.get(URL, {"datasetId": str(dataset.pk)})
    default = BaseModel.objects.get(is_default=True)
    assert list(DataFit.objects.values_list("source", flat=True)) == [default.source]
    other = BaseModel.objects.filter(is_active=True, is_default=False).first()
    card(signed_in, dataset, base_model=other.pk)
    assert set(DataFit.objects.values_list("source", flat=True)) == {default.source, other.source}


@pytest.mark.parametrize(
    ("changes", "words", "blocks"),
    [
        ({"status": "waiting"}, ["Being checked", "0 %", "the dataset's own validation"], True),
        ({"status": "checking", "progress": 40}, ['<progress max="100" value="40"', "40 %", "load delay:2s"], True),
        (FAILED, ["Not checked", "It broke.", "in a minute"], True),
        (
            {"status": "unavailable"},
            ["The model's tokenizer is not on this server: the GPU worker checks the data before its first step."],
            False,
        ),
        (fits.READY, ["900 of 900 conversations, 1,000 pairs, 200,000 tokens</p>"], False),
        (fits.READY | {"truncated": 3}, ["200,000 tokens; 3 longer than 2,048 tokens: split</p>"], False),
        (fits.READY | {"notes": {"tools_as_text": 12}}, ["Tool calls written out as text: 12"], False),
        (
            fits.READY | {"pairs": 0, "conversations": 0} | LOST,
            ["Nothing to train on", "<strong>7 rows:</strong>", "Lines 1, 2, 3, 4, 5, 6, 7</span>"],
            True,
        ),
    ],
)
def test_the_card_says_how_the_check_stands(signed_in, dataset, changes, words, blocks):
    fits.put(dataset, **changes)
    found = card(signed_in, dataset)
    for wanted in words:
        assert wanted in found, wanted
    assert ("data-blocks-start" in found) is blocks
    assert "allow_dropped_rows" not in found


def test_lost_rows_stand_by_their_reason_and_ask_for_a_confirmation(signed_in, dataset):
    rows = fits.lost(*range(1, 34), reason="No <system> message.")
    for line in range(40, 45):
        rows += fits.lost(line, reason=f"Too long by {line}.")
    fits.ready(dataset, conversations=780, dropped=120, lost_count=88, lost=rows)
    found = card(signed_in, dataset)
    assert "780 of 900 conversations" in found
    assert "Rows are lost" in found
    shown, _, folded = found.partition('<details class="quiet small" id="more-lost-rows">')
    assert found.count("No &lt;system&gt; message.") == 1
    assert "<strong>33 rows:</strong> No &lt;system&gt; message." in shown
    assert "Lines 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12 and 21 more" in shown
    assert "<strong>Line 40:</strong> Too long by 40." in shown
    assert "3 more reasons" in folded
    assert "<strong>Line 44:</strong> Too long by 44." in folded
    assert "50 more rows not listed" in folded
    assert "confirm that it is to be left out" in found
    assert 'name="allow_dropped_rows" id="allow-dropped-rows" data-confirmation' in found
    assert "data-blocks-start" not in found


@pytest.mark.parametrize(("changes", "message"), REFUSED)
@pytest.mark.parametrize("pressed", [{}, {"probe": "on"}])
def test_a_start_in_that_state_is_refused_at_the_form_in_the_cards_words(signed_in, dataset, changes, message, pressed):
    fits.put(dataset, **changes)
    reason = card(signed_in, dataset).partition('id="start-reason">')[2].partition("</p>")[0]
    answer = signed_in.post(URL, values(dataset, **pressed))
    assert answer.status_code == 422
    assert message in reason
    assert text(answer).count(reason) == 2
    assert not TrainingJob.objects.exists()


def test_a_confirmation_starts_the_job_without_the_lost_rows(signed_in, dataset):
    fits.ready(dataset, **LOST)
    assert signed_in.post(URL, values(dataset, allow_dropped_rows="on")).status_code == 302
    assert TrainingJob.objects.get().plan.allow_dropped_rows


def test_a_confirmation_does_not_start_a_job_of_nothing_nor_one_that_is_being_checked(signed_in, dataset):
    for changes in ({"status": "checking"}, fits.READY | LOST | {"pairs": 0}):
        fits.put(dataset, **changes)
        assert signed_in.post(URL, values(dataset, allow_dropped_rows="on")).status_code == 422
    assert not TrainingJob.objects.exists()


def poll(client, dataset, **changes):
    return client.post(ESTIMATE_URL, values(dataset, **POLL, **changes), headers={"HX-Request": "true"})


def test_asked_how_the_check_gets_on_it_says_just_that(signed_in, dataset):
    fits.put(dataset, status="checking", progress=60)
    answer = poll(signed_in, dataset)
    assert text(answer).startswith('<section class="data-fit divided" id="data-fit"')
    assert "60 %" in text(answer)
    assert "Total Estimated Cost" not in text(answer)
    assert "HX-Retarget" not in answer


@pytest.mark.parametrize("changes", [fits.READY, FAILED, {"status": "unavailable"}])
def test_asked_once_the_check_is_done_it_brings_the_whole_card(signed_in, dataset, changes):
    fits.put(dataset, **changes)
    answer = poll(signed_in, dataset)
    assert "Total Estimated Cost" in text(answer)
    assert (answer["HX-Retarget"], answer["HX-Reswap"]) == ("#estimate", "innerHTML")
    assert "load delay" not in text(answer)


def test_asked_with_values_that_are_none_it_names_them(signed_in, dataset):
    fits.put(dataset, status="checking")
    assert "Must be between 1 and 64." in text(poll(signed_in, dataset, batch_size=0))


def test_the_progress_of_the_check_is_not_read_aloud(signed_in, dataset):
    fits.put(dataset, status="checking", progress=60)
    assert 'aria-live="off"' in card(signed_in, dataset)
    fits.ready(dataset)
    assert 'aria-live="off"' not in card(signed_in, dataset)


def test_the_page_has_a_slider_for_the_length_and_a_choice_for_what_is_longer(signed_in, dataset):
    page = text(signed_in.get(URL, {"datasetId": str(dataset.pk)}))
    for wanted in (
        "Sequence Length",
        "Longer conversations",
        '<option value="split"',
        '<option value="drop"',
        "<strong>Left out:</strong>",
    ):
        assert wanted in page, wanted


def test_the_length_and_the_choice_are_priced_and_started(signed_in, dataset):
    fits.ready(dataset, length=1024, limit=1024, too_long="cut", truncated=3)
    asked = {"max_sequence_length": 1024, "too_long": "cut"}
    assert "3 longer than 1,024 tokens: cut" in card(signed_in, dataset, **asked)
    signed_in.post(URL, values(dataset, **asked))
    job = TrainingJob.objects.get()
    assert (job.hyperparameters["max_sequence_length"], job.plan.too_long) == (1024, "cut")


def test_a_bad_choice_is_refused_at_its_field(signed_in, dataset):
    answer = signed_in.post(URL, values(dataset, too_long="shorten"))
    assert answer.status_code == 422
    assert "Must be one of split, cut, drop." in text(answer)


def test_no_preset_decides_the_sequence_length(signed_in, dataset):
    page = signed_in.get(URL, {"datasetId": str(dataset.pk)})
    assert "max_sequence_length" not in page.context["preset_values"]["fast"]["values"]
    assert 'data-preset="balanced"' in card(signed_in, dataset, max_sequence_length=4096)
    fits.ready(dataset, length=4096, limit=4096)
    signed_in.post(URL, values(dataset, max_sequence_length=4096))
    assert TrainingJob.objects.get().preset_id == "balanced"


def test_notices_of_the_batch_size_are_in_the_card(signed_in, dataset):
    fits.ready(dataset, pairs=27, conversations=27)
    found = card(signed_in, dataset, batch_size=64, gpu_count=8)
    assert "each epoch is one step of at most 27 pairs" in found
    found = card(signed_in, dataset, batch_size=2, gpu_count=8)
    assert "6 of them would have nothing to do" in found
    assert "batch_exceeds_data" not in found


DATA = {
    "conversations": 1204, "dropped": 0, "train_pairs": 4095, "evaluation_pairs": 215, "truncated": 3,
    "total_tokens": 90_000, "trained_tokens": 40_000,
}  # fmt: skip


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (DATA | {"dropped": 6}, "1,204 of 1,210 conversations, 6 dropped, 3 truncated"),
        (DATA, "1,204 of 1,204 conversations, 0 dropped, 3 truncated"),
        ({}, None),
    ],
)
def test_a_jobs_page_says_what_it_trains_on(signed_in, put_job, data, words):
    page = text(signed_in.get(put_job("running", data=data).get_absolute_url()))
    assert (words in page) if words else ("job-data" not in page)


def test_a_jobs_page_says_its_sequence_length_and_what_becomes_of_longer_rows(signed_in, dataset):
    fits.ready(dataset, length=1024, limit=1024, too_long="drop", **LOST)
    asked = {"max_sequence_length": 1024, "too_long": "drop", "allow_dropped_rows": "on"}
    page = text(signed_in.post(URL, values(dataset, **asked), follow=True))
    assert "<dt>Sequence Length</dt><dd>1024</dd>" in page
    assert "<dt>Longer conversations</dt><dd>Left out</dd>" in page
    assert "Left out, as confirmed" in page


def test_a_dry_runs_estimate_keeps_what_becomes_of_longer_rows(signed_in, dataset, user):
    fits.ready(dataset, too_long="cut")
    signed_in.post(URL, values(dataset, too_long="cut", probe="on"))
    job = TrainingJob.objects.get()
    record(job, device_name="NVIDIA A100-SXM4-80GB")
    assert signed_in.get(URL, {"probe": str(job.pk)}).context["form"]["too_long"].value() == "cut"
