from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("training", "0008_move_logs")]
    operations = [migrations.RemoveField(model_name="trainingjob", name="log_tail")]
