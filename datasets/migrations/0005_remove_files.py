from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("datasets", "0004_files_to_versions")]

    operations = [
        migrations.RemoveField("dataset", "file"),
        migrations.RemoveField("dataset", "file_name"),
        migrations.RemoveField("dataset", "file_size"),
    ]
