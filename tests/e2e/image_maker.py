"""Container images made with the standard library alone: OCI layouts, and what docker save writes.

    image = ImageMaker(entry_point=["/bin/start"], command=["app.handler"])
    image.layer({"/bin/start": program(), "/var/task/app.py": ("text", 0o600), "/tmp/": None})
    image.write_layout(directory)          # or write_docker_archive(file)

A path that ends with "/" is a directory, a value ("->", TARGET) a symbolic link. Contents are bytes
or text; (CONTENT, MODE) gives them a mode, 0644 else. Times are all the same.
"""
from __future__ import annotations

import gzip
import hashlib
import io
import json
import struct
import tarfile
from pathlib import Path
from typing import Any

WHEN = 1_700_000_000
INDEX = "application/vnd.oci.image.index.v1+json"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
CONFIG = "application/vnd.oci.image.config.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"


def digest_of(data: bytes) -> str:
    return "sha256:" + hashlib.sha256(data).hexdigest()


def tar_of(files: dict[str, Any]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for path, value in files.items():
            entry = tarfile.TarInfo(path.strip("/"))
            entry.mtime = WHEN
            data = b""
            if path.endswith("/"):
                entry.type, entry.mode = tarfile.DIRTYPE, value or 0o755
            elif isinstance(value, tuple) and value[0] == "->":
                entry.type, entry.linkname = tarfile.SYMTYPE, value[1]
            else:
                content, entry.mode = value if isinstance(value, tuple) else (value, 0o644)
                data = content.encode() if isinstance(content, str) else content
                entry.size = len(data)
            tar.addfile(entry, io.BytesIO(data))
    return out.getvalue()


def program(machine: int = 62, needed: tuple[str, ...] = ()) -> bytes:
    """An ELF file that nothing can run: a head, and the libraries that it needs."""
    strings = b"\0" + b"".join(name.encode() + b"\0" for name in needed)
    at, entries = 1, []
    for name in needed:
        entries.append((1, at))
        at += len(name) + 1
    dynamic_at = 64 + 2 * 56
    strings_at = dynamic_at + 16 * (len(entries) + 2)
    entries += [(5, strings_at), (0, 0)]
    dynamic = b"".join(struct.pack("<QQ", *entry) for entry in entries)
    total = strings_at + len(strings)
    head = b"\x7fELF\2\1\1" + bytes(9) + struct.pack(
        "<HHIQQQIHHHHHH", 3, machine, 1, 0, 64, 0, 0, 64, 56, 2, 0, 0, 0)
    segments = b"".join(struct.pack("<IIQQQQQQ", kind, 4, offset, offset, offset, size, size, 8)
                        for kind, offset, size in ((1, 0, total), (2, dynamic_at, len(dynamic))))
    return head + segments + dynamic + strings


class ImageMaker:
    def __init__(self, architecture: str = "amd64", **config: Any) -> None:
        names = {"entry_point": "Entrypoint", "command": "Cmd", "environment": "Env",
                 "working_directory": "WorkingDir", "labels": "Labels"}
        self.architecture = architecture
        self.config = {names[key]: value for key, value in config.items()}
        self.layers: list[bytes] = []

    def layer(self, files: dict[str, Any]) -> ImageMaker:
        self.layers.append(tar_of(files))
        return self

    def _config(self) -> bytes:
        return json.dumps({
            "architecture": self.architecture, "os": "linux", "config": self.config,
            "rootfs": {"type": "layers", "diff_ids": [digest_of(layer) for layer in self.layers]},
        }).encode()

    def write_layout(self, place: Path, attestation: bool = False, nested: bool = False) -> Path:
        (place / "blobs/sha256").mkdir(parents=True)

        def blob(data: bytes, media_type: str, **more: Any) -> dict[str, Any]:
            digest = digest_of(data)
            (place / "blobs/sha256" / digest.removeprefix("sha256:")).write_bytes(data)
            return {"mediaType": media_type, "digest": digest, "size": len(data), **more}

        def manifest(config: bytes, layers: list[bytes], **more: Any) -> dict[str, Any]:
            text = json.dumps({
                "schemaVersion": 2, "mediaType": MANIFEST, "config": blob(config, CONFIG),
                "layers": [blob(gzip.compress(layer, 1, mtime=0), LAYER) for layer in layers]})
            return blob(text.encode(), MANIFEST, **more)

        found = [manifest(self._config(), self.layers,
                          platform={"os": "linux", "architecture": self.architecture})]
        if attestation:
            found.append(manifest(b"{}", [], platform={"os": "unknown", "architecture": "unknown"},
                                  annotations={"vnd.docker.reference.type": "attestation-manifest"}))
        if nested:
            inner = json.dumps({"schemaVersion": 2, "mediaType": INDEX, "manifests": found})
            found = [blob(inner.encode(), INDEX)]
        (place / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')
        (place / "index.json").write_text(json.dumps(
            {"schemaVersion": 2, "mediaType": INDEX, "manifests": found}))
        return place

    def write_docker_archive(self, file: Path, name: str = "made:1") -> Path:
        config = self._config()
        config_file = hashlib.sha256(config).hexdigest() + ".json"
        files = {f"{i}/layer.tar": layer for i, layer in enumerate(self.layers)}
        files[config_file] = config
        files["manifest.json"] = json.dumps(
            [{"Config": config_file, "RepoTags": [name],
              "Layers": [f"{i}/layer.tar" for i in range(len(self.layers))]}]).encode()
        file.write_bytes(tar_of(files))
        return file


SITE = "/usr/local/lib/python3.11/site-packages"


def python_image(files: dict[str, Any] | None = None, **config: Any) -> ImageMaker:
    """A function in which nothing is wrong; `files` go on top of it, in a layer of their own."""
    keys = {"entry_point": ["/usr/local/bin/python3.11", "-m", "awslambdaric"],
            "command": ["app.handler"], "working_directory": "/var/task", **config}
    image = ImageMaker(**{key: value for key, value in keys.items() if value is not None})
    image.layer({
        "/tmp/": 0o1777, "/bin/sh": (program(), 0o755),
        "/usr/local/bin/python3.11": (program(), 0o755),
        "/usr/local/lib/python3.11/os.py": "", f"{SITE}/awslambdaric/__init__.py": "",
        "/var/task/app.py": "def handler(event, context):\n    return event\n"})
    return image.layer(files) if files else image
