"""Makes the images of scripts/make-image, unless they are there, and looks at what is in them.

    ctest --test-dir build/release -L images          (with -DCOLDFRAME_IMAGE_TESTS=ON)
    python3 tests/images/images_test.py

Needs root. COLDFRAME_IMAGES names the directory that they are in (default: build/images).
"""
from __future__ import annotations

import gzip
import hashlib
import json
import os
import subprocess
import tarfile
import unittest
from pathlib import Path
from typing import Any, BinaryIO

SOURCE = Path(os.environ.get("COLDFRAME_SOURCE", Path(__file__).resolve().parents[2]))
IMAGES = Path(os.environ.get("COLDFRAME_IMAGES", SOURCE / "build/images")).resolve()


def make_images(*words: str) -> subprocess.CompletedProcess:
    return subprocess.run([SOURCE / "scripts/make-image", "--out", IMAGES, *words],
                          capture_output=True, text=True)


def setUpModule() -> None:
    if os.geteuid() != 0:
        raise unittest.SkipTest("needs root, as make-image does")
    done = make_images()
    if done.returncode != 0:
        raise AssertionError(f"make-image: exit {done.returncode}\n{done.stderr}")


def sha256(stream: BinaryIO) -> str:
    return "sha256:" + hashlib.file_digest(stream, "sha256").hexdigest()


def skopeo(*words: str) -> dict[str, Any]:
    return json.loads(subprocess.run(["skopeo", "inspect", *words], check=True, capture_output=True).stdout)


class Layout:
    """An OCI layout with one image, whose blobs are checked as they are read."""

    def __init__(self, place: Path) -> None:
        self.blobs = place / "blobs/sha256"
        self.index = json.loads((place / "index.json").read_text())
        self.seen: set[str] = set()
        (self.descriptor,) = self.index["manifests"]
        self.manifest = json.loads(self.blob(self.descriptor).read_bytes())
        self.config = json.loads(self.blob(self.manifest["config"]).read_bytes())
        self.layers = [self.blob(layer) for layer in self.manifest["layers"]]

    def blob(self, descriptor: dict[str, Any]) -> Path:
        path = self.blobs / descriptor["digest"].removeprefix("sha256:")
        with path.open("rb") as stream:
            assert sha256(stream) == descriptor["digest"], path
        assert path.stat().st_size == descriptor["size"], path
        self.seen.add(path.name)
        return path


class Image:
    """What holds for every image; the classes below say what is in theirs."""

    NAME = ""
    LAYERS = 0
    ENTRYPOINT: list[str] = []
    MEGABYTES = (0, 0)  # uncompressed
    FILES: list[str] = []

    def setUp(self) -> None:
        self.layout = Layout(IMAGES / self.NAME)

    def file(self, kind: str) -> Path:
        return IMAGES / f"{self.NAME}{kind}.tar"

    def test_the_layout_holds_the_image_and_nothing_else(self):
        self.assertEqual(self.layout.descriptor["annotations"], {"org.opencontainers.image.ref.name": self.NAME})
        self.assertEqual(self.layout.seen, {path.name for path in self.layout.blobs.iterdir()})
        self.assertEqual({layer["mediaType"] for layer in self.layout.manifest["layers"]},
                         {"application/vnd.oci.image.layer.v1.tar+gzip"})

    def test_it_starts_as_it_should(self):
        config = self.layout.config["config"]
        self.assertEqual(config["Entrypoint"], self.ENTRYPOINT)
        self.assertEqual(config["Cmd"], ["app.handler"])
        self.assertEqual(config["WorkingDir"], "/var/task")
        self.assertIn("JOBLIB_MULTIPROCESSING=0", config["Env"])
        self.assertEqual(len(self.layout.layers), self.LAYERS)

    def test_the_layers_are_what_the_config_says(self):
        digests, size = [], 0
        for path in self.layout.layers:
            with gzip.open(path) as stream:
                digests.append(sha256(stream))
                size += stream.tell()
        self.assertEqual(digests, self.layout.config["rootfs"]["diff_ids"])
        self.assertGreater(size / 1e6, self.MEGABYTES[0])
        self.assertLess(size / 1e6, self.MEGABYTES[1])

    def test_every_form_is_the_same_image(self):
        for form in (f"oci:{IMAGES / self.NAME}:{self.NAME}", f"oci-archive:{self.file('')}",
                     f"oci-archive:{self.file('-zstd')}", f"docker-archive:{self.file('-docker')}"):
            with self.subTest(form):
                config = skopeo("--config", form)
                self.assertEqual(config["rootfs"], self.layout.config["rootfs"])
                for key in ("Entrypoint", "Cmd", "Env", "WorkingDir"):
                    self.assertEqual(config["config"][key], self.layout.config["config"][key])

    def test_every_blob_of_an_archive_has_its_digest(self):
        for kind in ("", "-zstd"):
            count = 0
            with tarfile.open(self.file(kind)) as archive:
                for member in archive:
                    if "/blobs/sha256/" in member.name and member.isfile():
                        self.assertEqual(sha256(archive.extractfile(member)), f"sha256:{Path(member.name).name}")
                        count += 1
            self.assertEqual(count, self.LAYERS + 2)

    def test_the_layers_of_the_zstd_archive_are_zstd(self):
        with tarfile.open(self.file("-zstd")) as archive:
            (index,) = json.load(archive.extractfile("./index.json"))["manifests"]
            manifest = json.load(archive.extractfile("./blobs/sha256/" + index["digest"][7:]))
            for layer in manifest["layers"]:
                self.assertEqual(layer["mediaType"], "application/vnd.oci.image.layer.v1.tar+zstd")
                self.assertEqual(archive.extractfile("./blobs/sha256/" + layer["digest"][7:]).read(4),
                                 bytes.fromhex("28b52ffd"))

    def test_its_files_are_those_of_an_image_that_was_pushed(self):
        found: dict[str, tarfile.TarInfo] = {}
        checked = 0
        for path in self.layout.layers:
            with tarfile.open(path) as layer:
                dates: dict[str, float] = {}
                codes: dict[str, bytes] = {}
                for member in layer:
                    name = member.name.removeprefix("./")
                    self.assertFalse(member.isdev(), name)
                    found[name] = member
                    dates[name] = member.mtime
                    if name.endswith(".cpython-311.pyc"):
                        codes[name] = layer.extractfile(member).read(16)
            # Python reads byte code only where it names the date of its source.
            for name, head in codes.items():
                source = str(Path(name).parent.parent / Path(name).name.replace(".cpython-311.pyc", ".py"))
                self.assertEqual(int.from_bytes(head[4:8], "little"), 0, name)
                self.assertEqual(int.from_bytes(head[8:12], "little"), int(dates[source]), name)
                checked += 1
        self.assertGreater(checked, 2000)
        for name in self.FILES:
            self.assertIn(name, found)
        for name, member in found.items():
            if name.startswith(("var/task", "var/lang", "var/runtime")) and not member.issym():
                self.assertEqual(member.mode & 0o044, 0o044, f"{name} is closed to others")
                self.assertEqual((member.uid, member.gid), (0, 0), name)
        # What was there to make it, and what a machine has of its own. Buildah shows its RUN a
        # resolv.conf, and leaves an empty one.
        for name in ("wheels", "etc/pip.conf", "etc/resolv.conf", "etc/machine-id"):
            self.assertTrue(name not in found or found[name].size == 0 and found[name].isfile(), name)


class Scoring(Image, unittest.TestCase):
    NAME = "scoring"
    LAYERS = 3
    ENTRYPOINT = ["/usr/bin/python3.11", "-m", "awslambdaric"]
    MEGABYTES = (950, 1150)
    FILES = ["usr/bin/python3.11", "var/task/app.py", "var/task/model/model.joblib",
             "var/task/awslambdaric/__main__.py", "var/task/sklearn/__init__.py",
             "var/task/xgboost/lib/libxgboost.so"]


class ScoringAws(Image, unittest.TestCase):
    NAME = "scoring-aws"
    LAYERS = 6  # the base's two, and one for each COPY and RUN of the Dockerfile
    ENTRYPOINT = ["/lambda-entrypoint.sh"]
    MEGABYTES = (400, 600)
    FILES = ["lambda-entrypoint.sh", "var/runtime/bootstrap", "var/lang/bin/python3.11", "var/lang/bin/pip",
             "var/runtime/awslambdaric/__main__.py", "var/task/app.py", "var/task/model/model.joblib",
             "var/lang/lib/python3.11/site-packages/sklearn/__init__.py"]


class Once(unittest.TestCase):
    def test_a_second_run_does_nothing_and_nothing_is_left_of_the_first(self):
        def dates() -> dict[str, int]:
            paths = *IMAGES.glob("scoring*"), IMAGES / ".make-image/base.tar", IMAGES / ".make-image/wheels"
            return {path.name: path.stat().st_mtime_ns for path in paths}

        before = dates()
        self.assertEqual(len(before), 10)
        done = make_images("--quiet")
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, "", ""))
        self.assertEqual(dates(), before)
        self.assertFalse((IMAGES / ".make-image/work").exists())
        self.assertNotIn(str(IMAGES), Path("/proc/mounts").read_text())


if __name__ == "__main__":
    unittest.main(verbosity=2)
