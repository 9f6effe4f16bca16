"""Rows that are done are kept, of the same evaluation alone, and one that was half-written is not taken for done."""

from dataclasses import replace

from training.evaluator.protocol import ROWS, EvaluationSpec, Row
from training.evaluator.record import Record

SPEC = EvaluationSpec(
    run={"model": "/models/tiny"}, adapter_dir="/runs/1/adapter", folder="/runs/2", scores=["rouge_l"]
)


def row(line):
    said = {"loss": 1.5, "answer": "Zürich\u2028", "is_complete": True, "scores": {"rouge_l": 0.5}}
    return Row(line=line, number=1, of=3, tokens=7, reference="Bern", base=said, adapter=said)


def kept(folder, spec=SPEC):
    return Record(folder, spec).rows


def test_rows_come_back_equal_without_the_one_that_a_crash_cut_off(tmp_path):
    record = Record(tmp_path, SPEC)
    record.begin()
    for line in (4, 9):
        record.add(row(line))
    whole = (tmp_path / ROWS).read_text()
    (tmp_path / ROWS).write_text(whole + whole.splitlines()[-1][:40])
    assert kept(tmp_path) == {4: row(4), 9: row(9)}
    again = Record(tmp_path, SPEC)
    again.begin()
    again.add(row(12))
    assert list(kept(tmp_path)) == [4, 9, 12]


def test_only_the_same_evaluation_goes_on(tmp_path):
    record = Record(tmp_path, SPEC)
    record.begin()
    record.add(row(4))
    assert list(kept(tmp_path, replace(SPEC, folder="/runs/3", lease_seconds=5))) == [4]
    for changed in (replace(SPEC, seed=1), replace(SPEC, adapter_dir="/runs/7/adapter"), replace(SPEC, scores=[])):
        assert kept(tmp_path, changed) == {}
