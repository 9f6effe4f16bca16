"""The trainer as its worker holds it."""

from training.process import Trainer


def test_a_trainer_that_was_killed_can_still_be_renewed_stopped_and_killed(tmp_path):
    trainer = Trainer(tmp_path / "missing.json")
    trainer.kill()
    trainer.renew_lease()
    trainer.stop()
    trainer.kill()
    assert trainer.process.returncode is not None
