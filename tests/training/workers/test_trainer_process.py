"""The trainer as its worker holds it."""

from training.workers.trainer_process import Trainer


def test_a_trainer_that_was_killed_can_still_be_renewed_stopped_and_killed(tmp_path):
    trainer = Trainer(tmp_path / "missing.json")
    trainer.kill()
    trainer.renew_lease()
    trainer.terminate()
    trainer.kill()
    assert trainer.returncode is not None
