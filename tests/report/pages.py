"""A page of made-up files, and what it is read from."""

from html.parser import HTMLParser

from augment.report.contents import load
from tests.report.builder import build, random_images

HOSTILE = '<script>alert(1)</script> & "x"'
LABELS = ["bag", HOSTILE, "猫 🐱"]


def make(root, labels=LABELS, shape=(1, 8, 8), failed=(), verdict="helps", count=6, title="A title"):
    train, test = (random_images(labels, count, shape, seed) for seed in (1, 2))
    synthetic = random_images([label for label in labels if label not in failed], count, shape, 3)
    build(root, train, test, synthetic, {label: f"collapsed {label}" for label in failed}, verdict)
    return read(root, title)


def read(root, title="A title"):
    return load(title, 4, root, root / "data/base")


class Outline(HTMLParser):
    """Every tag with its attributes, the text, and the tags left open."""

    VOID = frozenset({"meta", "link", "img", "br"})

    def __init__(self, text):
        super().__init__()
        self.tags, self.text, self.stack = [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        if tag not in self.VOID:
            self.stack.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))

    def handle_endtag(self, tag):
        assert self.stack.pop() == tag

    def handle_data(self, data):
        self.text.append(data)
