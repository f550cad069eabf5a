"""Checks that every relative link of the Markdown files below a directory leads to a file (and, with
an anchor, to a heading) below it.  usage: links.py DIRECTORY"""
import re
import sys
from pathlib import Path


def anchors(text: str) -> set[str]:
    """Those that GitHub gives to the headings."""
    headings = re.findall(r"(?m)^#+ (.+)$", text)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def main(top: Path) -> int:
    checked = 0
    broken = []
    for file in sorted(top.rglob("*.md")):
        text = re.sub(r"(?ms)^```.*?^```$", "", file.read_text())
        for link in re.findall(r"\]\(([^)\s]+)\)", text):
            if re.match(r"[a-z]+:", link):
                continue
            checked += 1
            path, _, anchor = link.partition("#")
            target = (file.parent / path).resolve() if path else file
            if not target.is_relative_to(top) or not target.is_file():
                broken.append(f"{file}: {link} is not there")
            elif anchor and anchor not in anchors(target.read_text()):
                broken.append(f"{file}: {link} is no heading of it")
    print("\n".join(broken) or f"{checked} links lead somewhere")
    return 1 if broken or checked < 10 else 0


sys.exit(main(Path(sys.argv[1]).resolve()))
