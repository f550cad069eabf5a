"""Events that cannot be sent: one sentence with file, line and column, exit 2, nothing started."""
import os
import subprocess
import unittest

from e2e_support import code_of
from refusal import RefusalTest

NOT_JSON = {
    "{bad": "1:2", "": "1:1", "   ": "1:", "{": "1:", '{"a":1,}': "1:8", "[1 2]": "1:4",
    "nul": "1:1", "01": "1:", "NaN": "1:1", "'a'": "1:1", '"a\nb"': "1:", "{}{}": "1:3",
    "{}\n\n x": "3:2", '{\n "a": tru\n}': "2:7", '"\\x"': "1:", '"\\ud800': "1:", "+1": "1:1",
    ".5": "1:1", "1.": "1:", "--": "1:2",
}


class Events(RefusalTest):
    def test_a_file_that_cannot_be_read_is_named(self):
        for name, why in (("missing.json", "No such file"), ("temp", "directory"),
                          ("/does/not/exist.json", "No such file")):
            self.refuse(2, (name, why), "invoke", self.target, "-e", name)

    def test_an_environment_variable_after_a_small_e_is_answered_with_a_question(self):
        for text in ("KEY=VALUE", "LOG_LEVEL=DEBUG", "A="):
            self.refuse(2, (text, "did you mean -E?"), "invoke", self.target, "-e", text)

    def test_a_file_whose_name_has_an_equals_sign_can_still_be_read(self):
        (self.place / "a=b.json").write_text("7")
        done = self.coldframe("invoke", self.target, "-e", "a=b.json")
        self.assert_exit(done, 0)
        self.assertEqual(done.out, "7\n")

    def test_a_file_that_is_no_json_is_named_with_line_and_column(self):
        for text, where in NOT_JSON.items():
            (self.place / "event.json").write_text(text)
            self.refuse(2, ("event.json:" + where,), "invoke", self.target, "-e", "event.json")

    def test_a_fault_in_json_is_said_plainly(self):
        for text in NOT_JSON:
            (self.place / "event.json").write_text(text)
            done = self.coldframe("invoke", self.target, "-e", "event.json")
            for word in ("(code", "REDACTED", "Source", "token", "Unexpected", "end-of-input"):
                self.assertNotIn(word, done.err)
        (self.place / "f/function.json").write_text('{\n  "Timeout": 3,\n}')
        done = self.coldframe("invoke", self.target)
        self.assertIn("function.json:3:1: not JSON: a comma stands before the closing '}'", done.err)
        (self.place / "env.json").write_text("{'A': 1}")
        target = super().function(name="g")
        done = self.coldframe("invoke", target, "-n", "env.json")
        self.assertIn("env.json:1:2: not JSON: a key needs double quotes, not single ones",
                      done.err)

    def test_the_command_line_and_standard_input_are_checked_in_the_same_way(self):
        for text, where in NOT_JSON.items():
            if text:
                self.refuse(2, (f"--event:{where}",), "invoke", self.target, "--event=" + text)
            self.refuse(2, (f"standard input:{where}",), "invoke", self.target, "-e", "-",
                        stdin=text)

    def test_bytes_that_are_no_utf_8_are_no_json(self):
        for data in (b'"\xff"', b'"\xc3"', b'"\xed\xa0\x80"', b"\xff\xfe{\0}\0", b'{"a\0b":1}'):
            (self.place / "event.json").write_bytes(data)
            self.refuse(2, ("event.json:1:",), "invoke", self.target, "-e", "event.json")

    def test_an_event_nested_without_end_is_a_refusal_and_not_a_crash(self):
        for text in ("[" * 300_000, "[" * 300_000 + "]" * 300_000, '{"a":' * 300_000):
            self.refuse(2, ("standard input",), "invoke", self.target, "-e", "-", stdin=text)

    def test_one_byte_more_than_lambda_takes_is_refused_with_both_numbers(self):
        text = '"' + "x" * 6291455 + '"'
        (self.place / "big.json").write_text(text)
        self.refuse(2, ("big.json", "6291457", "6291456"), "invoke", self.target, "-e", "big.json")
        self.refuse(2, ("standard input", "6291456"), "invoke", self.target, "-e", "-", stdin=text)

    def test_an_endless_standard_input_is_refused_without_reading_it_all(self):
        process = self.start("invoke", self.target, "-e", "-", stdin=subprocess.PIPE,
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        sent = 0
        try:
            while sent < 100 * 1024 * 1024:
                sent += os.write(process.stdin.fileno(), b" " * 65536)
        except BrokenPipeError:
            pass
        self.assertEqual(code_of(process), 2)
        self.assertLess(sent, 20 * 1024 * 1024)
        self.assertIn(b"6291456", process.stderr.read())
        self.assertFalse(self.mark.exists())

    def test_a_closed_standard_input_is_an_empty_event_and_so_no_json(self):
        self.refuse(2, ("standard input",), "invoke", self.target, "-e", "-")

    def test_two_sources_of_an_event_are_one_too_many(self):
        for words in (("-e", "a.json", "--event", "1"),
                      ("--event", "1", "--body", "x", "--as", "url"),
                      ("-e", "-", "--body", "x", "--as", "url")):
            self.refuse(2, ("--event",), "invoke", self.target, *words)

    def test_a_body_needs_a_front_and_a_front_needs_a_body(self):
        self.refuse(2, ("--body", "--as"), "invoke", self.target, "--body", "x")
        self.refuse(2, ("--body", "--as"), "invoke", self.target, "--as", "url")
        self.refuse(2, ("http", "apigw-v1"), "invoke", self.target, "--body", "x", "--as", "http")

    def test_the_largest_body_that_the_kernel_passes_is_taken(self):
        # The largest argument that the kernel passes is 128 KB; escapes make it six times as long.
        done = self.coldframe("invoke", self.target, "--as", "url", "--body", "\x01" * 100_000)
        self.assert_exit(done, 0)

    def test_a_body_that_is_no_utf_8_is_refused_and_not_changed(self):
        self.refuse(2, ("--body", "UTF-8"), "invoke", self.target, "--as", "url", "--body",
                    os.fsdecode(b"\xff\xfe"))


if __name__ == "__main__":
    unittest.main(verbosity=2)
