"""Images for tests, put together from files without any tool.

    image = Image(Entrypoint=["/bin/scripted_runtime", "/dialogue"])
    image.layer({"dialogue": "forever\\n  obey\\nend\\n", "bin/app": File(b"…", 0o755)})
    image.write_layout(place / "image")      # also write_archive(), write_docker_archive()
"""
import gzip
import hashlib
import io
import json
import os
import subprocess
import tarfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from e2e_support import SCRIPTED


@dataclass
class File:
    content: bytes = b""
    mode: int = 0o644
    link: str = ""
    directory: bool = False
    owner: int = 0


def tar_of(files: dict[str, "File | bytes | str"]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for name, value in files.items():
            if not isinstance(value, File):
                value = File(value.encode() if isinstance(value, str) else value)
            entry = tarfile.TarInfo(name)
            entry.mode, entry.uid, entry.mtime = value.mode, value.owner, 1_600_000_000
            if value.directory:
                entry.type = tarfile.DIRTYPE
            elif value.link:
                entry.type, entry.linkname = tarfile.SYMTYPE, value.link
            entry.size = len(value.content)
            tar.addfile(entry, io.BytesIO(value.content))
    return out.getvalue()


def digest_of(data: bytes) -> str:
    return "sha256:" + hashlib.sha256(data).hexdigest()


class Image:
    """Keys of the configuration: Entrypoint, Cmd, Env, WorkingDir, User."""

    def __init__(self, architecture: str = "", name: str = "app:1", **config: Any) -> None:
        machine = {"x86_64": "amd64", "aarch64": "arm64"}[os.uname().machine]
        self.name = name
        self.tars: list[bytes] = []
        self.config = {"architecture": architecture or machine, "os": "linux", "config": config}

    def layer(self, files: dict[str, File | bytes | str]) -> "Image":
        self.tars.append(tar_of(files))
        return self

    def config_bytes(self) -> bytes:
        rootfs = {"type": "layers", "diff_ids": [digest_of(tar) for tar in self.tars]}
        return json.dumps({**self.config, "rootfs": rootfs}).encode()

    def layout_files(self) -> dict[str, bytes]:
        blobs: dict[str, bytes] = {}

        def add(data: bytes, media_type: str) -> dict[str, Any]:
            blobs["blobs/sha256/" + digest_of(data)[7:]] = data
            return {"mediaType": f"application/vnd.oci.image.{media_type}",
                    "digest": digest_of(data), "size": len(data)}
        manifest = {"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json",
                    "config": add(self.config_bytes(), "config.v1+json"),
                    "layers": [add(gzip.compress(tar, 1, mtime=0), "layer.v1.tar+gzip")
                               for tar in self.tars]}
        descriptor = add(json.dumps(manifest).encode(), "manifest.v1+json")
        descriptor["annotations"] = {"org.opencontainers.image.ref.name": self.name}
        index = {"schemaVersion": 2, "manifests": [descriptor]}
        return {"oci-layout": b'{"imageLayoutVersion":"1.0.0"}',
                "index.json": json.dumps(index).encode(), **blobs}

    def write_layout(self, path: Path) -> Path:
        for name, data in self.layout_files().items():
            (path / name).parent.mkdir(parents=True, exist_ok=True)
            (path / name).write_bytes(data)
        return path

    def write_archive(self, path: Path) -> Path:
        path.write_bytes(tar_of(self.layout_files()))
        return path

    def write_docker_archive(self, path: Path) -> Path:
        config = self.config_bytes()
        layers = {digest_of(tar)[7:] + ".tar": tar for tar in self.tars}
        names = [digest_of(tar)[7:] + ".tar" for tar in self.tars]
        entry = {"Config": digest_of(config)[7:] + ".json", "RepoTags": [self.name], "Layers": names}
        path.write_bytes(tar_of({**layers, entry["Config"]: config,
                                 "manifest.json": json.dumps([entry])}))
        return path


def program_files(*programs: str) -> dict[str, File]:
    """Programs of this host in /bin, and all that they are linked with."""
    files: dict[str, File] = {}
    for program in programs:
        files["bin/" + os.path.basename(program)] = File(Path(program).read_bytes(), 0o755)
        linked = subprocess.run(["ldd", program], capture_output=True, text=True, check=True).stdout
        for word in linked.split():
            if word.startswith("/"):
                files[word.lstrip("/")] = File(Path(word).read_bytes(), 0o755)
    return files


def scripted_image(dialogue: str = "forever\n  obey\nend\n", **config: Any) -> Image:
    """Its runtime plays the dialogue. The programs are one layer, the dialogue another."""
    settings = {"Entrypoint": ["/bin/scripted_runtime", "/dialogue"], "WorkingDir": "/var/task",
                **config}
    image = Image(**settings)
    image.layer({"var/task": File(directory=True, mode=0o755), **program_files(SCRIPTED)})
    return image.layer({"dialogue": dialogue})
