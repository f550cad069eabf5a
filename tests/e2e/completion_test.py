"""Completions and the manual page, made by the program: every option of every command is in them."""
import re
import subprocess
import unittest

from e2e_support import SOURCE, E2eTest

COMMANDS = (("invoke",), ("serve",), ("validate",), ("bench", "cold"), ("bench", "warm"),
            ("doctor",), ("completion",))
MACROS = {".TH", ".SH", ".SS", ".TP", ".PP", ".RS", ".RE", ".nf", ".fi", ".br", ".BR"}


class CompletionTest(E2eTest):
    def options(self, *words: str) -> list[str]:
        """The options that the help of a command lists, short and long."""
        text = self.coldframe(*words, "--help").out.partition("Example:")[0]
        found = re.findall(r"(?m)^ +((?:-\w,)?--[\w-]+)", text)
        self.assertGreater(len(found), 0, text)
        return [name for group in found for name in group.split(",")]

    def made(self, kind: str) -> str:
        done = self.coldframe("completion", kind)
        self.assert_exit(done, 0)
        self.assertEqual(done.err, "")
        self.assertTrue(done.out.endswith("\n"))
        return done.out

    def complete(self, *words: str) -> list[str]:
        """What bash offers for the last word."""
        script = self.place / "coldframe.bash"
        script.write_text(self.made("bash"))
        quoted = " ".join(f"'{word}'" for word in ("coldframe", *words))
        asked = subprocess.run(
            ["bash", "--norc", "-c",
             f"compopt() {{ :; }}; source {script}; COMP_WORDS=({quoted}); COMP_CWORD={len(words)}; "
             '_coldframe; printf "%s\\n" "${COMPREPLY[@]}"'],
            capture_output=True, text=True, check=True)
        self.assertEqual(asked.stderr, "")
        return asked.stdout.split()


class Bash(CompletionTest):
    def test_bash_accepts_it(self):
        checked = subprocess.run(["bash", "-n"], input=self.made("bash"), capture_output=True,
                                 text=True)
        self.assertEqual((checked.returncode, checked.stderr), (0, ""))

    def test_every_option_of_every_command_is_offered(self):
        for words in COMMANDS:
            with self.subTest(" ".join(words)):
                self.assertEqual(sorted(self.complete(*words, "-")), sorted(self.options(*words)))
        self.assertEqual(self.complete("test", "--gold"), ["--golden"], "by its other name, too")

    def test_commands_kinds_and_choices_are_offered(self):
        self.assertEqual(set(self.complete("")) - {"-h", "--help", "--version"},
                         {"invoke", "serve", "validate", "test", "bench", "doctor", "completion",
                          "images", "inspect"})
        self.assertEqual(set(self.complete("completion", "")) - {"-h", "--help"},
                         {"bash", "zsh", "fish", "man"})
        self.assertEqual(self.complete("completion", "z"), ["zsh"])
        self.assertEqual(set(self.complete("bench", "")) - {"-h", "--help"}, {"cold", "warm"})
        self.assertEqual(self.complete("invoke", "f", "--credentials", ""), ["none", "env"])
        self.assertEqual(self.complete("invoke", "f", "--log-format", "j"), ["json"])

    def test_files_targets_and_the_words_of_a_bootstrap_are_left_to_the_shell(self):
        for words in (("invoke", ""), ("invoke", "-e", ""), ("invoke", "--", "python3", "-"),
                      ("invoke", "--memory", "")):
            self.assertEqual(self.complete(*words), [], words)


class Others(CompletionTest):
    def section(self, text: str, start: str, end: str) -> str:
        self.assertIn(start, text)
        return text.partition(start)[2].partition(end)[0]

    def test_zsh_has_every_option_of_every_command(self):
        text = self.made("zsh")
        self.assertTrue(text.startswith("#compdef coldframe\n"))
        for words in COMMANDS:
            part = self.section(text, f"\n_coldframe_{'_'.join(words)}() {{\n", "\n}\n")
            for name in self.options(*words):
                self.assertRegex(part, rf"(?m)^    '\S*( \S+\))?{re.escape(name)}\[", words)
        for line in text.splitlines():
            self.assertEqual(line.replace("'\\''", "").count("'") % 2, 0, line)
        self.assertEqual(text.count("{\n"), text.count("\n}\n"))
        self.assertIn("'*:KIND:(bash zsh fish man)'", text)
        self.assertIn("'*:TARGET:_files'", text)

    def test_fish_has_every_option_of_every_command(self):
        lines = self.made("fish").splitlines()
        for words in COMMANDS:
            mine = [line for line in lines
                    if all(re.search(rf"\b{word}\b", line.split(" -d ")[0]) for word in words)
                    and not re.search(r"not __fish_seen", line)]
            for name in self.options(*words):
                option = f" -l {name[2:]} " if name.startswith("--") else f" -s {name[1:]} "
                self.assertTrue(any(option in line for line in mine), (words, name))
        self.assertTrue(any("completion' -a 'bash zsh fish man'" in line for line in lines))
        for line in lines:
            self.assertRegex(line, r"^(#|complete -c coldframe )")

    def test_the_manual_page_has_every_option_of_every_command(self):
        text = self.made("man")
        for words in COMMANDS:
            title = f'"coldframe {" ".join(words)}"\n'
            part = re.split(r"(?m)^\.S[HS] ", self.section(text, title, "\x00"))[0]
            for name in self.options(*words):
                self.assertIn(r"\fB" + name.replace("-", r"\-") + r"\fR", part, (words, name))

    def test_the_manual_page_is_sound_roff(self):
        text = self.made("man")
        lines = text.splitlines()
        self.assertRegex(lines[0], r'^\.TH COLDFRAME 1 "" "coldframe \d+\.\d+\.\d+" "User Commands"$')
        self.assertEqual(lines[1], ".SH NAME")
        self.assertRegex(lines[2], r"^coldframe \\- \w")
        depth = {"nf": 0, "RS": 0}
        for number, line in enumerate(lines, 1):
            self.assertTrue(line.isascii() and line.strip(), (number, line))
            if line.startswith((".", "'")):
                self.assertIn(line.split()[0], MACROS, (number, line))
                depth["nf"] += (line == ".nf") - (line == ".fi")
                depth["RS"] += line.startswith(".RS") - line.startswith(".RE")
            if line == ".TP":
                self.assertRegex(lines[number], r"^\\f[BI]", "a term follows")
                self.assertFalse(lines[number + 1].startswith("."), "and then its text")
            plain = re.sub(r"\\(f[BIR]|-|e|&)", "", line)
            self.assertNotIn("\\", plain, (number, line))
            self.assertEqual(len(re.findall(r"\\f[BI]", line)), line.count(r"\fR"), (number, line))
        self.assertEqual(depth, {"nf": 0, "RS": 0})
        for section in ("SYNOPSIS", "DESCRIPTION", "THRESHOLDS", '"EXIT STATUS"', "ENVIRONMENT", "FILES"):
            self.assertTrue(any(line == f".SH {section}" for line in lines), section)

    def test_the_exit_codes_of_the_manual_are_those_of_the_readme(self):
        table = (SOURCE / "README.md").read_text().partition("## Exit codes")[2].partition("\n## ")[0]
        readme = re.findall(r"(?m)^\| (\d+\S*) \| (.+) \|$", table)
        manual = self.section(self.made("man"), '.SH "EXIT STATUS"\n', ".SH ").replace("\\-", "-")
        self.assertGreater(len(readme), 7)
        self.assertEqual(re.findall(r"\.TP\n\\fB(.+)\\fR\n(.+)\n", manual), readme)


class Command(CompletionTest):
    def test_it_is_in_the_help_and_names_what_it_can_make(self):
        self.assertRegex(self.coldframe("--help").out, r"(?m)^ +completion  ")
        self.assertIn("bash|zsh|fish|man", self.coldframe("completion", "--help").out)
        self.assert_refused(self.coldframe("completion"), 2, "bash", "zsh", "fish", "man")
        self.assert_refused(self.coldframe("completion", "tcsh"), 2, "tcsh", "bash")


if __name__ == "__main__":
    unittest.main(verbosity=2)
