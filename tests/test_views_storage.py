"""The views of the storage chapter: a transfer's bar, and a life cycle over the days."""

import json
import subprocess
import sys
import threading

import pytest

from coursekit import views
from coursekit.ground.errors import CourseError
from coursekit.views import life_cycle

RULES = [
    {
        "ID": "raw",
        "Status": "Enabled",
        "Filter": {"Prefix": "raw/"},
        "Transitions": [
            {"Days": 90, "StorageClass": "GLACIER"},
            {"Days": 30, "StorageClass": "STANDARD_IA"},
        ],
        "Expiration": {"Days": 365},
        "NoncurrentVersionExpiration": {"NoncurrentDays": 7},
    },
    {"ID": "off", "Status": "Disabled", "Filter": {"Prefix": ""}, "Expiration": {"Days": 1}},
]


@pytest.mark.parametrize(
    ("day", "now", "old"),
    [
        (0, "STANDARD", "STANDARD"),
        (6, "STANDARD", "STANDARD"),
        (7, "STANDARD", "deleted"),
        (29, "STANDARD", "deleted"),
        (30, "STANDARD_IA", "deleted"),
        (89, "STANDARD_IA", "deleted"),
        (90, "GLACIER", "deleted"),
        (364, "GLACIER", "deleted"),
        (365, "deleted", "deleted"),
    ],
)
def test_where_a_version_is_on_a_day(day, now, old):
    assert life_cycle.place(life_cycle.current(RULES, "raw/a.csv"), day) == now
    assert life_cycle.place(life_cycle.noncurrent(RULES, "raw/a.csv"), day) == old


def test_rules_of_other_prefixes_and_disabled_ones_leave_a_key_alone():
    assert life_cycle.current(RULES, "other") == (life_cycle.Stay("STANDARD", 0),)
    with pytest.raises(CourseError, match="other"):
        views.explore_life_cycle(RULES, "other")


def test_a_rule_without_a_prefix_is_for_every_key_and_the_earlier_end_counts():
    every = {"Status": "Enabled", "Filter": {}, "Expiration": {"Days": 10}}
    assert life_cycle.current([*RULES, every], "raw/a")[-1] == life_cycle.Stay("deleted", 10)
    assert life_cycle.current([every], "anything")[-1].first == 10


def test_s3_gives_back_rules_that_can_be_drawn():
    import boto3

    import coursekit as ck

    cloud = ck.cloud.aws()
    try:
        s3 = boto3.client("s3")
        s3.create_bucket(Bucket="kept")
        s3.put_bucket_lifecycle_configuration(
            Bucket="kept", LifecycleConfiguration={"Rules": RULES}
        )
        found = s3.get_bucket_lifecycle_configuration(Bucket="kept")["Rules"]
    finally:
        cloud.stop()
    assert life_cycle.in_words(found, "raw/a") == life_cycle.in_words(RULES, "raw/a")


def test_the_slider_moves_the_words_and_the_picture():
    view = views.explore_life_cycle(RULES, "raw/a.csv")
    slider, caption, picture = view.children
    assert "ck-view" in view._dom_classes
    before = picture.value
    slider.value = 45
    assert "<b>STANDARD_IA</b>" in caption.value and "<b>deleted</b>" in caption.value
    assert picture.value != before
    assert slider.max > 365


def test_without_a_browser_it_is_a_picture_and_words():
    data, metadata = views.explore_life_cycle(RULES, "raw/a.csv")._repr_mimebundle_()
    assert data["text/plain"] == metadata["image/png"]["alt"]
    assert "from day 90 GLACIER, from day 365 deleted" in data["text/plain"]
    again, _ = views.explore_life_cycle(RULES, "raw/a.csv")._repr_mimebundle_()
    assert again["image/png"] == data["image/png"]


def test_the_picture_has_a_title_and_days():
    import matplotlib.pyplot as plt

    figure = life_cycle.draw(RULES, "raw/a.csv", 45)
    (axes,) = figure.axes
    assert "raw/a.csv" in axes.get_title() and "days" in axes.get_xlabel()
    assert len(axes.patches) == 6
    plt.close(figure)


def test_a_transfer_counts_from_many_threads(capsys):
    with views.transfer("up", 8_000) as bar:
        threads = [threading.Thread(target=lambda: [bar(10) for _ in range(100)]) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert bar.moved == 8_000
    assert "up" in capsys.readouterr().err


def test_a_transfer_follows_boto3_and_is_a_widget_in_a_notebook():
    code = """
from IPython.testing.globalipapp import start_ipython
shell = start_ipython()
shell.run_cell('''
import boto3, io, coursekit as ck
from coursekit import views
from IPython.utils.capture import capture_output
ck.cloud.aws()
s3 = boto3.client("s3")
s3.create_bucket(Bucket="kept")
with capture_output() as shown:
    with views.transfer("up", 3_000_000) as bar:
        s3.upload_fileobj(io.BytesIO(b"x" * 3_000_000), "kept", "k", Callback=bar)
''')
import json
names = shell.user_ns
widget = names["bar"]._bar
print(json.dumps([names["bar"].moved, widget.bar.value, widget.bar.bar_style, widget.text.value,
                  names["shown"].outputs[0].data["text/plain"]]))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    moved, value, style, text, plain = json.loads(done.stdout.splitlines()[-1])
    assert moved == value == 3_000_000
    assert style == "success" and "3.0 of 3.0 MB" in text
    assert plain == "up: 3,000,000 bytes"


def test_a_transfer_that_fails_passes_the_error_on(capsys):
    with pytest.raises(ZeroDivisionError), views.transfer("up", 10) as bar:
        bar(1 // 0)
    assert bar.moved == 0
