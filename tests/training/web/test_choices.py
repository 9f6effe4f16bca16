"""All choices of hardware on the configure page: the recommended one, those that stand out, the picture, the table."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.training.core.hardware_choices import choice, choices
from tests.training.web.test_configure_page import ESTIMATE_URL, URL, change, text, values
from training.core.alternatives import compare
from training.models import GpuType
from training.web.chart_labels import labels
from training.web.choices import choices_of
from training.web.cost_chart import FEW, HEIGHT, WIDTH, picture

MINUTE = 1 / 60


def shown(found, chosen=("A", 1), **options):
    return choices_of(compare(found, **options), chosen)


@pytest.fixture
def many_gpus(db):
    GpuType.objects.update(is_active=True)
    return GpuType.objects.count()


def page_of(client, dataset):
    return client.get(URL, {"datasetId": str(dataset.pk)}).content.decode()


@pytest.mark.django_db
def test_every_choice_has_a_button_and_one_is_recommended_above_them(signed_in, dataset):
    page = page_of(signed_in, dataset)
    table = page[page.index('id="all-choices"') :]
    assert "All 32 choices" in page
    assert table.count('name="change" value="gpu_type=') == 32
    assert page.index("Recommended") < page.index("Cheapest under") < page.index('id="all-choices"')
    assert page.count('id="take-recommended"') == 1


@pytest.mark.django_db
def test_with_every_gpu_type_on_offer_it_is_one_table_more_wide(signed_in, dataset, many_gpus):
    page = page_of(signed_in, dataset)
    assert f"All {many_gpus * 8} choices" in page
    ids = re.findall(r' id="([^"]+)"', page)
    assert len(set(ids)) == len(ids)


@pytest.mark.django_db
def test_the_recommended_one_is_taken_without_scripts(signed_in, dataset):
    answer = signed_in.get(URL, {"datasetId": str(dataset.pk)})
    recommended = answer.context["choices"].recommended
    assert not recommended.is_chosen
    after = change(signed_in, dataset, recommended.change)
    assert after.context["choices"].recommended.is_chosen
    assert "You have chosen it" in text(after)
    assert 'id="take-recommended"' not in text(after)


@pytest.mark.django_db
def test_the_live_answer_brings_all_choices_with_it(signed_in, dataset):
    answer = signed_in.post(ESTIMATE_URL, values(dataset, gpu_type="H100", gpu_count=3), headers={"HX-Request": "true"})
    page = answer.content.decode()
    assert '<div id="choices" hx-swap-oob="innerHTML">' in page
    assert page.count('aria-current="true"') >= 1


@pytest.mark.django_db
def test_what_does_not_fit_is_not_recommended(signed_in, dataset):
    GpuType.objects.update(memory_gib=1, usable_gib=1)
    page = text(signed_in.get(URL, {"datasetId": str(dataset.pk)}))
    assert "No choice has enough memory for this run." in page
    assert page.count("None fits") == 3


@given(choices, st.sampled_from("ABC"), st.integers(1, 8))
def test_everything_is_shown_once_and_one_at_most_is_recommended(found, gpu, count):
    page = shown(found, (gpu, count))
    cells = [cell for _, row in page.rows for cell in row]
    assert {cell.choice for cell in cells} == set(found)
    assert sum(cell.is_recommended for cell in cells) == bool(page.recommended)
    assert len({cell.key for cell in cells}) == len(cells) == page.count
    drawn = [cell.choice for _, cell in page.points]
    assert all(cell.choice in drawn for cell in cells if cell.is_chosen)


def test_the_fastest_says_what_its_minutes_cost():
    page = shown([choice("A", 1, cost=1, hours=0.5), choice("A", 2, cost=9.1, hours=0.5 - 2 * MINUTE)])
    cheapest, fastest, _ = page.marks
    assert cheapest.note == "Recommended"
    assert fastest.note == "2 min quicker, for $8.10 more"


def test_a_limit_that_none_keeps_says_so():
    assert shown([choice(hours=2)], within_hours=1).marks[2].note == "None is that fast"


@pytest.mark.parametrize(
    ("better", "title"),
    [
        ({"cost": 4, "hours": 1}, "1 × B is cheaper and quicker"),
        ({"cost": 4, "hours": 2}, "1 × B is cheaper and as quick"),
        ({"cost": 5, "hours": 1}, "1 × B is quicker at the same cost"),
        ({"cost": 5 - 1e-6, "hours": 2 - 1e-6}, "1 × B is as good"),
        ({"cost": 6, "hours": 1}, ""),
    ],
)
def test_a_grey_choice_names_a_better_one(better, title):
    page = shown([choice("A", cost=5, hours=2), choice("B", **better)])
    assert page.rows[0][1][0].why_grey == title


def test_what_does_not_fit_is_grey_for_that():
    assert shown([choice(fits=False), choice("B")]).rows[0][1][0].why_grey == "Does not fit into memory"


def drawn(found, *others):
    return picture(compare(found).front, *others)


@given(choices.filter(lambda found: any(one.is_possible for one in found)))
def test_the_picture_has_the_front_and_what_was_asked_for_within_its_frame(found):
    asked = found[-1]
    points = drawn(found, asked).points
    assert asked in [point.choice for point in points]
    front = compare(found).front
    assert {(one.hours, one.cost) for one in front} <= {(point.choice.hours, point.choice.cost) for point in points}
    assert all(0 <= point.x <= WIDTH and 0 <= point.y <= HEIGHT for point in points)


@given(choices.filter(lambda found: any(one.is_possible for one in found)))
def test_both_axes_have_a_handful_of_different_ticks(found):
    frame = drawn(found)
    for ticks in (frame.times, frame.dollars):
        assert 1 <= len(ticks) <= 6
        assert len({tick.label for tick in ticks}) == len(ticks)


def test_dearer_is_higher_and_longer_further_right():
    quick, slow = drawn([choice(count=1, cost=1, hours=8), choice(count=8, cost=4, hours=1)]).points
    assert slow.x > quick.x
    assert slow.y > quick.y


def test_choices_that_cost_and_take_the_same_are_one_point_in_the_middle():
    same = [choice("A", count) for count in range(1, 9)]
    frame = drawn(same, same[3])
    (point,) = frame.points
    assert point.choice == same[3]
    assert point.label.text == "4 × A"
    assert abs(point.x - (frame.left + frame.right) / 2) < 1
    assert len(frame.times) >= 2


def test_what_is_nearly_equal_looks_it():
    quick, slow = drawn([choice("A", 1, hours=0.51, cost=1), choice("A", 8, hours=0.5, cost=9)]).points
    assert slow.x - quick.x < WIDTH / 30


@pytest.mark.parametrize(
    ("hours", "unit"), [(12 / 3600, "s"), (0.5, "min"), (1.5, "min"), (5, "h"), (48, "h"), (200, "days")]
)
def test_the_axis_of_time_is_in_a_unit_that_fits(hours, unit):
    assert drawn([choice(hours=hours)]).unit == unit


def test_few_points_all_have_names_and_many_only_those_that_matter():
    few = [choice("A", count, cost=2**count, hours=2**-count) for count in range(1, FEW + 1)]
    assert all(point.label for point in drawn(few).points)
    many = [choice("A", count, cost=1.5**count, hours=1.5**-count) for count in range(1, 9)]
    named = [point.choice.count for point in drawn(many, many[3]).points if point.label]
    assert sorted(named) == [1, 4, 8]


@given(st.lists(st.tuples(st.floats(0, 300), st.floats(0, 200)), max_size=8))
def test_names_overlap_neither_each_other_nor_points(places):
    frame = (0, 0, 340, 240)
    boxes = [one.box for one in labels({f"{n} × A": at for n, at in enumerate(places)}, places, frame).values()]
    for number, box in enumerate(boxes):
        assert frame[0] <= box[0] < box[2] <= frame[2]
        assert all(box[2] <= x or x <= box[0] or box[3] <= y or y <= box[1] for x, y in places)
        for other in boxes[:number]:
            assert box[2] <= other[0] or other[2] <= box[0] or box[3] <= other[1] or other[3] <= box[1]
