"""function.json with a wrong value: one sentence that names the file and the key, exit 2."""
import json
import unittest

from refusal import RefusalTest

FAULTS = {
    "MemorySize": (64, 10241, "256", 256.5, -1, 10**12, 10**30, True, [], {}),
    "Timeout": (0, 901, "3", 3.5, -1, 10**20, False),
    "EphemeralStorage": (512, "512", {"Size": 511}, {"Size": 10241}, {"Size": "1"}, {"Sise": 512}),
    "FunctionName": ("", "a b", "x" * 65, "a/b", 5, ["f"]),
    "Architectures": ("x86_64", [], ["x86"], ["x86_64", "arm64"], [1]),
    "Environment": ([], {"Variables": []}, {"Variables": {"AA": 1}}, {"Variables": {"1A": "x"}},
                    {"Variables": {"A": "x"}}, {"Variables": {"AA": "x" * 4095}},
                    {"Variables": {"AA": "a\0b"}}),
    "ImageConfig": ([], {"EntryPoint": "python3"}, {"EntryPoint": [1]}, {"Command": {}},
                    {"WorkingDirectory": []}, {"Entrypoint": ["x"]}, {"EntryPoint": ["a\0b"]}),
    "LoggingConfig": ("Text", {"LogFormat": "text"}, {"ApplicationLogLevel": "LOUD"},
                      {"SystemLogLevel": 3}),
    "ReservedConcurrentExecutions": (-1, "1", 1.5),
    "Coldframe": ([], {"Evnt": "x"}, {"event": "x"}, {"Event": 1}, {"Golden": 5}, {"Golden": [1]},
                  {"Budgets": "x"}, {"Budgets": [1]}),
    "Runtime": (1, []),
    "Handler": (1, {}),
    "Version": ("", "a b\nc", "1.0", "x" * 129, 3),
    "FunctionArn": (5, "arn:aws:lambda:us-east-1\r\nX: y:123456789012:function:f"),
}
MISSPELT = {"Memorysize": "MemorySize", "TimeOut": "Timeout", "Coldfrme": "Coldframe",
            "ImageConfg": "ImageConfig", "FunctionNam": "FunctionName"}


class Values(RefusalTest):
    def refuse_file(self, text: str, *names: str) -> None:
        (self.target / "function.json").write_text(text)
        self.refuse(2, ("function.json", *names), "invoke", self.target)

    def with_key(self, key: str, value: object) -> str:
        keys = {"FunctionName": "f", "MemorySize": 256, "Timeout": 3,
                "ImageConfig": {"EntryPoint": ["./start.sh"]}}
        return json.dumps({**keys, key: value})

    def test_every_wrong_value_is_refused_by_file_and_key(self):
        for key, values in FAULTS.items():
            for value in values:
                with self.subTest(f"{key} {str(value)[:60]}"):
                    self.refuse_file(self.with_key(key, value), key)

    def test_a_misspelt_key_is_refused_with_the_right_spelling(self):
        for key, right in MISSPELT.items():
            self.refuse_file(self.with_key(key, 1), key, f"did you mean '{right}'")

    def test_a_misspelt_coldframe_key_is_refused_with_the_right_spelling(self):
        self.refuse_file(self.with_key("Coldframe", {"Goldens": "x"}), "Coldframe.Goldens",
                         "did you mean 'Golden'")

    def test_other_forms_of_json_are_refused(self):
        for text in ("[]", '"text"', "null", "3", "[{}]"):
            with self.subTest(text):
                self.refuse_file(text, "object")

    def test_a_fault_in_the_json_is_named_with_line_and_column(self):
        for text, where in (("{\n  \"Timeout\": 3,\n  'MemorySize': 4\n}", ":3:3"),
                            ('{"Timeout": 3', ":1:"), ("{} {}", ":1:4"), ("{\n\n,}", ":3:1"),
                            ('{"Timeout": NaN}', ":1:13"), ('{"Timeout": 03}', ":1:"),
                            ("// c\n{}", ":1:1")):
            with self.subTest(text):
                self.refuse_file(text, "function.json" + where)

    def test_a_value_of_null_counts_as_absent(self):
        (self.target / "function.json").write_text(self.with_key("MemorySize", None))
        done = self.coldframe("invoke", self.target)
        self.assert_exit(done, 0)
        self.assertIn("Memory Size: 128 MB", done.err)

    def test_an_event_or_golden_that_is_missing_is_named(self):
        (self.target / "function.json").write_text(
            self.with_key("Coldframe", {"Event": "gone/event.json"}))
        self.refuse(2, ("gone/event.json",), "invoke", self.target)


if __name__ == "__main__":
    unittest.main(verbosity=2)
