"""Images as TARGET: what is run in them is what Lambda would run, from whatever they are stored in."""
import gzip
import json
import os
import subprocess
import unittest

from e2e_image import File, Image, program_files, scripted_image
from e2e_serve import Serve
from e2e_support import PROGRAM, SCRIPTED, E2eTest
from e2e_user import UserTest, become_user


class ImageTest(E2eTest):
    SANDBOX = None

    def setUp(self) -> None:
        super().setUp()
        self.env["COLDFRAME_STORE"] = str(self.place / "store")

    def invoke(self, target, *words, do="", **options):
        return self.coldframe("invoke", target, "--event", json.dumps({"do": do} if do else [1]),
                              "--memory", 256, *words, **options)

    def error(self, done) -> tuple[str, str]:
        answer = json.loads(done.out)
        return answer["errorType"], answer["errorMessage"]


class Forms(ImageTest):
    def test_a_layout_an_archive_and_docker_save_answer_the_same(self):
        image = scripted_image()
        archive = image.write_archive(self.place / "i.tar")
        packed = self.place / "i.tar.gz"
        packed.write_bytes(gzip.compress(archive.read_bytes(), 1))
        targets = [image.write_layout(self.place / "layout"), archive, packed,
                   image.write_docker_archive(self.place / "d.tar"), f"{archive}:app:1",
                   f"{archive}:1", "layout", "i.tar:app"]
        for target in targets:
            for _ in range(2):  # the second time from the store alone
                with self.subTest(str(target)):
                    done = self.invoke(target)
                    self.assert_exit(done, 0)
                    self.assertEqual(done.out, "[1]\n")

    def test_standard_input_may_be_one(self):
        archive = scripted_image().write_docker_archive(self.place / "d.tar")
        packed = gzip.compress(archive.read_bytes(), 1)
        for data in (archive.read_bytes(), packed):
            done = subprocess.run([PROGRAM, "invoke", "-", "--event", "[7]", "--memory", "256"],
                                  input=data, env=self.env, capture_output=True, timeout=60)
            self.assertEqual((done.stdout, done.returncode), (b"[7]\n", 0), done.stderr)

    def test_one_that_is_known_is_not_read_again(self):
        archive = scripted_image().write_archive(self.place / "i.tar")
        self.assert_exit(self.invoke(archive), 0)
        stamp = archive.stat()
        size = archive.stat().st_size
        with open(archive, "r+b") as file:
            file.seek(size // 2)
            file.write(b"x" * 100)
        os.utime(archive, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))
        self.assert_exit(self.invoke(archive), 2)  # its ctime tells
        self.assertIn("damaged", self.invoke(archive).err)

    def test_of_several_one_is_named(self):
        first = scripted_image(name="app:1")
        files = {**first.layout_files()}
        second = scripted_image('next\nrespond "second"\nhang\n', name="app:2")
        files |= second.layout_files()
        both = [json.loads(image.layout_files()["index.json"])["manifests"][0]
                for image in (first, second)]
        files["index.json"] = json.dumps({"schemaVersion": 2, "manifests": both}).encode()
        for name, data in files.items():
            (self.place / "i" / name).parent.mkdir(parents=True, exist_ok=True)
            (self.place / "i" / name).write_bytes(data)
        self.assertEqual(self.invoke("i:app:2").out, '"second"\n')
        done = self.invoke("i")
        self.assert_exit(done, 2)
        self.assertEqual(done.err.splitlines()[-1],
                         "coldframe: 'i' has 2 images; name one: i:app:1, i:app:2")

    def test_function_json_names_one_and_replaces_parts_of_it(self):
        image = scripted_image(Cmd=["of.image"], Env=["AA=image", "BB=image"])
        image.layer({"other": "next\nprint seen @{env:AA} @{env:BB} @{env:_HANDLER}\necho\nhang\n",
                     "w": File(directory=True, mode=0o755)})
        (self.place / "f").mkdir()
        image.write_archive(self.place / "f/i.tar")
        (self.place / "f/function.json").write_text(json.dumps({
            "FunctionName": "named", "MemorySize": 256, "Timeout": 5,
            "Environment": {"Variables": {"AA": "file"}},
            "ImageConfig": {"EntryPoint": ["/bin/scripted_runtime"], "Command": ["/other"]},
            "Coldframe": {"Image": "i.tar"}}))
        done = self.coldframe("invoke", "f", "--event", "[2]", "--json", "-")
        self.assert_exit(done, 0)
        self.assertEqual(json.loads(done.out)["function"]["name"], "named")
        self.assertEqual(json.loads(done.out)["invocations"][0]["payload"], [2])
        self.assertIn("seen file image /other", done.err.splitlines())


class Inside(ImageTest):
    def variables(self, image: Image, *words) -> dict[str, str]:
        done = self.invoke(image.write_layout(self.place / image.name.replace(":", "-")), *words,
                           do="dump-env")
        self.assert_exit(done, 0)
        return json.loads(done.out)

    def test_variables_are_those_of_the_image_and_of_lambda(self):
        image = scripted_image(Cmd=["app.handler"], Env=["PATH=/own/bin:/bin", "AA=1", "LANG=C",
                                                         "AWS_REGION=mars"],
                               Entrypoint=["/bin/sh", "-c", "exec /bin/scripted_runtime /dialogue",
                                           "sh"])
        image.layer(program_files("/bin/sh"))
        seen = self.variables(image, "-E", "AA=2")
        self.assertEqual(seen["PATH"], "/own/bin:/bin")
        self.assertEqual((seen["AA"], seen["LANG"], seen["_HANDLER"]), ("2", "C", "app.handler"))
        self.assertEqual(seen["AWS_REGION"], "us-east-1")
        self.assertEqual(seen["AWS_EXECUTION_ENV"], "AWS_Lambda_Image")
        self.assertEqual(seen["PWD"], "/var/task")
        for name in ("LD_LIBRARY_PATH", "PYTHONPATH", "HOME", "TZ"):
            self.assertNotIn(name, seen)

    def test_its_root_is_read_only_and_nothing_of_the_host_is_there(self):
        image = scripted_image()
        image.layer({**program_files("/bin/ls", "/bin/cat", "/usr/bin/id", "/usr/bin/stat"),
                     "sh": File(b"x")})
        image.layer(program_files("/bin/sh"))
        image.layer({"run": File(
            b"#!/bin/sh\n/bin/ls / >&2\n/bin/cat /etc/passwd >&2\n/bin/id >&2\n"
            b"/bin/stat -c '%A %U %n' / /tmp /var/task >&2\n"
            b"echo x > /var/task/x\necho x > /tmp/x && echo tmp-ok >&2\n/bin/ls /dev >&2\n"
            b"exec /bin/scripted_runtime /dialogue\n", 0o755),
            "etc/passwd": "root:x:0:0::/:/bin/sh\n"})
        target = image.write_layout(self.place / "i")
        (self.place / "f").mkdir()
        (self.place / "f/function.json").write_text(json.dumps(
            {"MemorySize": 256, "ImageConfig": {"EntryPoint": ["/run"]},
             "Coldframe": {"Image": str(target)}}))
        done = self.coldframe("invoke", "f", "--event", "[1]")
        self.assert_exit(done, 0)
        lines = done.err.splitlines()
        self.assertIn("root:x:0:0::/:/bin/sh", lines)
        self.assertTrue(any(line.startswith("uid=993 gid=990") for line in lines), done.err)
        self.assertIn("drwxrwxrwt root /tmp", lines)
        self.assertIn("drwxr-xr-x root /var/task", lines)
        self.assertIn("tmp-ok", lines)
        self.assertTrue(any("x: Read-only file system" in line for line in lines), done.err)
        for name in ("home", "root", "usr", "shm"):
            self.assertNotIn(name, lines)
        for name in ("null", "fd", "urandom"):
            self.assertIn(name, lines)

    def test_layers_lie_upon_each_other(self):
        image = scripted_image("next\nrespond \"low\"\nhang\n")
        image.layer({"dialogue": 'next\nrespond "high"\nhang\n', ".wh.gone": ""})
        done = self.invoke(image.write_layout(self.place / "i"))
        self.assertEqual(done.out, '"high"\n')

    def test_an_environment_is_reused_and_tmp_stays(self):
        target = scripted_image().write_layout(self.place / "i")
        with Serve(self, target, options=("--memory", 256)) as server:
            pids = {server.invoke({"do": "respond-pid"}, "i").json()["pid"] for _ in range(3)}
            self.assertEqual(len(pids), 1)
            self.assertEqual(server.invoke({"do": "exit 3"}, "function").json()["errorType"],
                             "Runtime.ExitError")
            self.assertEqual(server.invoke([1], "function").json(), [1])


class Launch(ImageTest):
    def fails(self, image: Image, kind: str, words: str) -> None:
        done = self.invoke(image.write_layout(self.place / "i"))
        self.assert_exit(done, 3)
        self.assertEqual(self.error(done)[0], kind)
        self.assertIn(words, self.error(done)[1])
        self.assertIn("IMAGE\tLaunch error: " + words, done.err)

    def test_an_entry_point_that_is_not_there(self):
        self.fails(scripted_image(Entrypoint=["/bin/none", "x"]), "Runtime.InvalidEntrypoint",
                   "fork/exec /bin/none: no such file or directory")

    def test_an_entry_point_that_cannot_be_executed(self):
        self.fails(scripted_image(Entrypoint=["/dialogue"]), "Runtime.InvalidEntrypoint",
                   "fork/exec /dialogue: permission denied")

    def test_an_entry_point_for_another_machine(self):
        image = scripted_image(Entrypoint=["/text"])
        image.layer({"text": File(b"\x7fELF no program of this one", 0o755)})
        self.fails(image, "Runtime.InvalidEntrypoint", "fork/exec /text: exec format error")

    def test_a_working_directory_that_is_not_there(self):
        self.fails(scripted_image(WorkingDir="/nowhere"), "Runtime.InvalidWorkingDir",
                   "chdir /nowhere: no such file or directory")

    def test_neither_entry_point_nor_command(self):
        done = self.invoke(scripted_image(Entrypoint=None).write_layout(self.place / "i"))
        self.assert_exit(done, 3)
        self.assertEqual(self.error(done)[0], "Runtime.InvalidEntrypoint")

    def test_a_name_is_looked_up_in_the_path_of_the_image(self):
        image = scripted_image(Entrypoint=["scripted_runtime", "/dialogue"],
                               Env=["PATH=/none:/bin"])
        self.assert_exit(self.invoke(image.write_layout(self.place / "i")), 0)


class Refusals(ImageTest):
    def refused(self, code: int, message: str, *words) -> None:
        done = self.coldframe(*words)
        self.assert_exit(done, code)
        self.assertEqual(done.out, "")
        self.assertEqual(done.err, f"coldframe: {message}\n")

    def test_without_the_strict_sandbox_it_is_not_run(self):
        target = scripted_image().write_layout(self.place / "i")
        self.refused(77, f"'{target}' is an image, and images run in the strict sandbox only; leave "
                         "--sandbox none out", "invoke", target, "--sandbox", "none", "--memory",
                     256, "--event", "{}")

    def test_what_is_no_image_is_told_in_a_sentence(self):
        (self.place / "x.tar").write_bytes(b"hello")
        (self.place / "e.tar").write_bytes(b"")
        (self.place / "oci").mkdir()
        (self.place / "oci/oci-layout").write_text("{}")
        self.refused(2, "'x.tar' is cut off in a tar header", "invoke", "x.tar", "--event", "{}")
        self.refused(2, "'e.tar' is empty", "invoke", "e.tar", "--event", "{}")
        self.refused(2, "'oci' is no image: it has neither the index.json of an OCI layout nor the "
                        "manifest.json of docker save", "invoke", "oci", "--event", "{}")

    def test_an_image_for_another_machine_is_not_run(self):
        other = "arm64" if os.uname().machine == "x86_64" else "amd64"
        target = scripted_image(architecture=other).write_layout(self.place / "i")
        done = self.invoke(target)
        self.assert_exit(done, 77)
        self.assertIn("the image is for ", done.err)

    def test_it_cannot_be_watched(self):
        target = scripted_image().write_layout(self.place / "i")
        self.refused(2, f"--watch is for directories; '{target}' is an image, which is imported once",
                     "serve", target, "--watch", "--port", 0, "--memory", 256)

    def test_a_store_that_cannot_be_made(self):
        target = scripted_image().write_layout(self.place / "i")
        (self.place / "file").write_text("")
        done = self.invoke(target, "--store", self.place / "file/store")
        self.assert_exit(done, 4)
        self.assertIn("cannot make the image store", done.err)


class Images(ImageTest):
    def test_are_listed_and_removed(self):
        self.assertEqual(self.coldframe("images").out, f"no images in {self.place}/store\n")
        self.assert_exit(self.invoke(scripted_image().write_layout(self.place / "i")), 0)
        listed = self.coldframe("images")
        self.assert_exit(listed, 0)
        self.assertRegex(listed.out, r"(?m)^image +names +for +layers +size +its own +used *$")
        self.assertRegex(listed.out, r"(?m)^[0-9a-f]{12} +app:1 +\w+ +2 +[\d.]+ MB +[\d.]+ MB +\d+ s ago *$")
        found = json.loads(self.coldframe("images", "--json").out)["images"]
        self.assertEqual([image["names"] for image in found], [["app:1"]])
        kept = self.coldframe("images", "prune", "--older-than", "1d")
        self.assertEqual((kept.out, kept.code), ("0.0 MB freed\n", 0))
        gone = self.coldframe("images", "prune")
        self.assertRegex(gone.out, r"^removed [0-9a-f]{12} app:1\n[\d.]+ MB freed\n$")
        self.assertEqual(self.coldframe("images").out, f"no images in {self.place}/store\n")

    def test_that_are_run_stay(self):
        target = scripted_image().write_layout(self.place / "i")
        with Serve(self, target, options=("--memory", 256)) as server:
            self.assertEqual(self.coldframe("images", "prune").out, "0.0 MB freed; 1 in use was kept\n")
            self.assertEqual(server.invoke([3], "function").json(), [3])

    def test_wrong_words_are_refused(self):
        for words, said in ((("prune", "--older-than", "5 apples"), "--older-than"),
                            (("prune", "--keep", "much"), "--keep"), (("x",), "x")):
            done = self.coldframe("images", *words)
            self.assert_exit(done, 2)
            self.assertIn(said, done.err)


class AsUser(UserTest, ImageTest):
    def test_whoever_is_not_root_runs_them_too(self):
        target = scripted_image().write_layout(self.place / "i")
        self.give_away()
        done = self.invoke(target, preexec_fn=become_user)
        if "user namespaces are denied" in done.err:
            self.skipTest(done.err)
        self.assert_exit(done, 0)
        self.assertEqual(done.out, "[1]\n")
        self.assert_exit(self.coldframe("images", "prune", preexec_fn=become_user), 0)


if __name__ == "__main__":
    unittest.main()
