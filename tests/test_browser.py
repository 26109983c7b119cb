"""A learner at work in JupyterLab, in headless Chromium: screenshots are kept under build/.

Home page, open a chapter, run all, move a widget, fail a check, repair it, pass it, see progress
move.
"""

import os

import nbformat
import pytest

from coursekit.feedback import authoring, lessons
from coursekit.feedback.display import plain_line
from coursekit.ground import places
from tests import gallery
from tests.lab_session import CHROMIUM, lab

playwright = pytest.importorskip("playwright.sync_api")
if CHROMIUM is None and not os.environ.get("COURSEKIT_REQUIRE_BROWSER"):
    pytest.skip("there is no Chromium on this machine", allow_module_level=True)

SECOND = 1000
ARGUMENTS = [
    "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--no-first-run",
    # whatever the flags above say, it asks for its maker's servers
    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",
]  # fmt: skip
READY = """() => {
  const panel = window.jupyterapp.shell.currentWidget;
  const context = panel && panel.sessionContext;
  const kernel = context && context.isReady && context.session && context.session.kernel;
  return !!kernel && kernel.status === 'idle' && kernel.connectionStatus === 'connected'; }"""
# A cell counts as done once it has a number; Run all numbers them in order.
ALL_RUN = """() => window.jupyterapp.shell.currentWidget.content.widgets
  .filter(c => c.model.type === 'code').every(c => c.model.executionCount !== null)"""
SELECT = """id => {
  const notebook = window.jupyterapp.shell.currentWidget.content;
  const index = notebook.widgets.findIndex(c => c.model.sharedModel.getId() === id);
  notebook.activeCellIndex = index;
  notebook.scrollToItem(index, 'center');
  return index; }"""
OUTPUT = """id => {
  const cells = window.jupyterapp.shell.currentWidget.content.widgets;
  const cell = cells.find(c => c.model.sharedModel.getId() === id);
  return cell.model.outputs.toJSON().map(o => (o.data || {})['text/plain'] || '').join(''); }"""
COUNT = """id => {
  const cells = window.jupyterapp.shell.currentWidget.content.widgets;
  return cells.find(c => c.model.sharedModel.getId() === id).model.executionCount; }"""
HAS_RUN = f"""([id, before]) => {{
  const count = ({COUNT})(id);
  return count !== null && count !== before; }}"""
TO_THE_TOP = "() => { window.jupyterapp.shell.currentWidget.content.scrollToItem(0); return 1 }"
ERRORS = """() => window.jupyterapp.shell.currentWidget.content.widgets
  .filter(c => c.model.type === 'code' && !(c.model.getMetadata('tags') || [])
    .includes('raises-exception'))
  .flatMap(c => c.model.outputs.toJSON()).filter(o => o.output_type === 'error')
  .map(o => o.ename + ': ' + o.evalue)"""

CHAPTER = lessons.chapter("06")  # the one that is worked through whole; nbval runs the others


class Learner:
    """Someone at JupyterLab: clicks, types, and looks."""

    def __init__(self, page):
        self.page = page

    def arrive(self, url):
        self.page.goto(url.replace("/lab?", "/lab?reset&"))
        self.page.wait_for_selector(".ck-home table", timeout=90 * SECOND)

    def open(self, chapter):
        self.page.click(f"a[data-path='{chapter.path.name}']")
        self.page.wait_for_function(READY, timeout=90 * SECOND)

    def run_all(self):
        self.command("notebook:run-all-cells")
        self.page.wait_for_function(ALL_RUN, timeout=240 * SECOND)
        self.page.wait_for_function(READY, timeout=90 * SECOND)

    def answer(self, exercise, source):
        """Put a source into an exercise's cell with the keyboard, run it, then run its check."""
        self.page.evaluate(SELECT, exercise)
        self.page.locator(".jp-Notebook .jp-Cell.jp-mod-active .cm-content").click()
        self.page.keyboard.press("ControlOrMeta+A")
        self.page.keyboard.insert_text(source)
        self.page.keyboard.press("Shift+Enter")
        self.page.wait_for_function(READY, timeout=90 * SECOND)
        self.run_cell(f"{exercise}-check")
        return self.page.evaluate(OUTPUT, f"{exercise}-check")

    def run_cell(self, cell):
        """Run a cell, and wait until it has a new number and the kernel is at rest."""
        before = self.page.evaluate(COUNT, cell)
        self.page.evaluate(SELECT, cell)
        self.command("notebook:run-cell")
        self.page.wait_for_function(HAS_RUN, arg=[cell, before], timeout=90 * SECOND)
        self.page.wait_for_function(READY, timeout=90 * SECOND)

    def move_the_first_slider(self):
        """Find the first slider of the chapter, move it, and wait for the picture to change."""
        handle = self.page.locator(".ck-view .noUi-handle").first
        self.page.evaluate(TO_THE_TOP)
        for _ in range(150):  # cells off screen are drawn when they are scrolled to
            if handle.count():
                break
            self.page.mouse.move(640, 500)
            self.page.mouse.wheel(0, 700)
            self.page.wait_for_timeout(100)
        view = self.page.locator(".ck-view", has=self.page.locator(".noUi-handle")).first
        before = view.inner_html()
        handle.focus()
        for _ in range(3):
            self.page.keyboard.press("ArrowRight")
            self.page.wait_for_timeout(SECOND // 2)
        self.until_changed(view, before)
        handle.scroll_into_view_if_needed()

    def until_changed(self, view, before):
        """Wait for a view to look different, at most half a minute."""
        for _ in range(300):
            if view.inner_html() != before:
                return
            self.page.wait_for_timeout(SECOND // 10)
        raise AssertionError("the view has not changed")

    def command(self, name, **arguments):
        run = "([name, how]) => { window.jupyterapp.commands.execute(name, how); return 1 }"
        self.page.evaluate(run, [name, arguments])

    def home(self):
        self.command("coursekit:home")
        self.page.wait_for_timeout(SECOND)
        return self.page.inner_text(".ck-home")

    def look(self, name):
        self.page.wait_for_timeout(SECOND)
        self.page.screenshot(path=places.build() / f"{name}.png")


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    folder = tmp_path_factory.mktemp("browser") / "work"
    with lab(folder) as (url, _):
        _take_a_tenth(folder / CHAPTER.path.name)
        gallery.write(folder / "gallery.ipynb")
        yield url


def _take_a_tenth(copy):
    """Change the scale as a learner with a slow machine does; nbval runs on the whole data."""
    notebook = nbformat.read(copy, as_version=4)
    (cell,) = (c for c in notebook.cells if "parameters" in c.metadata.get("tags", ()))
    assert cell.source.startswith("scale = 1\n")
    cell.source = cell.source.replace("scale = 1\n", "scale = 0.1\n")
    nbformat.write(notebook, copy)


@pytest.fixture(scope="module")
def chromium():
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def learner(chromium, address):
    page = chromium.new_page(viewport={"width": 1280, "height": 860})
    learner = Learner(page)
    learner.arrive(address)
    yield learner
    page.close()


def test_the_home_page_shows_chapters_minutes_and_progress(learner):
    text = learner.home()
    for chapter in lessons.chapters():
        assert chapter.title in text and str(chapter.minutes) in text
    learner.look("home")


def test_a_learner_works_through_a_chapter(learner):
    exercise = authoring.find(CHAPTER.exercises[0])
    solution = lessons.solution_source(exercise.id)
    mistake = next(m for m in exercise.mistakes if isinstance(m.answers[0], tuple))
    learner.open(CHAPTER)
    learner.run_all()
    assert learner.page.evaluate(ERRORS) == []
    for each in CHAPTER.exercises:
        assert learner.page.evaluate(OUTPUT, f"{each}-check").startswith("○ Not attempted yet")

    failed = learner.answer(exercise.id, solution.replace(*mistake.answers[0][:2]))
    assert plain_line(mistake.tell) in failed
    learner.look("chapter-failed")

    assert learner.answer(exercise.id, solution).startswith("✔ Passed")
    learner.look("chapter-passed")
    learner.move_the_first_slider()
    learner.look("chapter-widget")
    learner.command("docmanager:save")
    assert f"1 of {len(CHAPTER.exercises)}" in learner.home()
    learner.look("chapter-progress")


def test_every_view_is_drawn(learner):
    learner.command("docmanager:open", path="gallery.ipynb")
    learner.page.wait_for_selector(".jp-Notebook", timeout=90 * SECOND)
    learner.page.wait_for_function(READY, timeout=90 * SECOND)
    learner.run_all()
    assert learner.page.evaluate(ERRORS) == []
    for name in gallery.VIEWS:
        cell = name.replace(" ", "-")
        learner.page.evaluate(SELECT, cell)
        shown = learner.page.locator(".jp-Notebook .jp-Cell.jp-mod-active .jp-OutputArea-output")
        shown.first.wait_for(timeout=30 * SECOND)
        assert shown.first.bounding_box()["height"] > 20, name
        learner.look(f"view-{cell}")


def test_quiz_buttons_tell_right_from_wrong(learner):
    learner.open(CHAPTER)
    learner.run_all()
    page = learner.page
    page.evaluate(
        "() => { const n = window.jupyterapp.shell.currentWidget.content;"
        " const i = n.widgets.findIndex(c => c.model.sharedModel.getSource().startsWith('quiz('));"
        " n.activeCellIndex = i; n.scrollToItem(i, 'start'); return 1 }"
    )
    page.wait_for_selector(".ck-quiz .ck-option", timeout=30 * SECOND)
    from coursekit.feedback.quizzes import quiz

    first = quiz(CHAPTER.number).questions[0]
    for option, verdict in ((o, "Right" if o.right else "Not quite") for o in first.options):
        page.get_by_role("button", name=option.text.replace("`", ""), exact=True).first.click()
        page.wait_for_selector(f".ck-quiz .ck-card:has-text('{verdict}')", timeout=20 * SECOND)
    learner.look("quiz")
