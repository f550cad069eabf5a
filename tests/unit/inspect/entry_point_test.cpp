// W12 and W13: what is started, and the client that it must find.
#include "tests/unit/inspect/inspect_fixture.hpp"

namespace coldframe::testing {
namespace {

class EntryPointFindings : public InspectTest {
 protected:
  void script(const std::string& text, mode_t mode = 0755) {
    file("/entry.sh", text, mode);
    manifest.config.entry_point = {"/entry.sh"};
  }
  std::string w12() {
    std::string text;
    for (const auto& one : inspection().findings) {
      if (one.id == "W12") text += std::string(to_text(one.severity)) + ": " + one.message + "\n";
    }
    return text;
  }
};

TEST_F(EntryPointFindings, AScriptThatStartsTheClientIsNone) {
  script("#!/bin/sh\n# python2 is no more\nexec /usr/local/bin/python3 -m awslambdaric \"$@\"\n");
  EXPECT_EQ(ids(), "");
}

TEST_F(EntryPointFindings, OneThatIsNotThereIsW12) {
  manifest.config.entry_point = {"/entry.sh"};
  EXPECT_PRED2(has, w12(), "error: the entry point does not exist");
  manifest.config.entry_point = {"nothing"};
  EXPECT_PRED2(has, w12(), "was not found in the PATH");
}

TEST_F(EntryPointFindings, ALinkThatLeadsNowhereIsNamed) {
  link("/entry", "/opt/gone/entry");
  manifest.config.entry_point = {"/entry"};
  EXPECT_PRED2(has, w12(), "there is no /opt/gone");
}

TEST_F(EntryPointFindings, OneWithoutADirectoryIsAWarning) {
  manifest.config.entry_point = {"python3.11", "-m", "awslambdaric"};
  EXPECT_EQ(ids(), "W12 warning");
  EXPECT_PRED2(has, only().fix, k_python);
}

TEST_F(EntryPointFindings, OneThatOthersMayNotExecuteIsW12) {
  script("#!/bin/sh\nexec /usr/local/bin/python3 -m awslambdaric \"$@\"\n", 0744);
  const auto found = only();
  EXPECT_PRED2(has, found.message, "not executable");
  EXPECT_EQ(found.fix, "RUN chmod 755 /entry.sh");
}

TEST_F(EntryPointFindings, CarriageReturnsAreW12) {
  script("#!/bin/sh\r\nexec /usr/local/bin/python3 -m awslambdaric \"$@\"\r\n");
  EXPECT_PRED2(has, only().message, "CR LF");
}

TEST_F(EntryPointFindings, AMissingInterpreterIsW12) {
  script("#!/bin/bash\nexec /usr/local/bin/python3 -m awslambdaric \"$@\"\n");
  EXPECT_PRED2(has, only().message, "'/bin/bash' is not in the image");
  script("#!/usr/bin/env python4\nimport awslambdaric\n");
  file("/usr/bin/env", program(), 0755);
  EXPECT_PRED2(has, w12(), "'python4' was not found");
}

TEST_F(EntryPointFindings, WhatTheKernelCannotStartIsW12) {
  script("exec /usr/local/bin/python3 -m awslambdaric \"$@\"\n");
  EXPECT_PRED2(has, w12(), "exec format error");
}

TEST_F(EntryPointFindings, AnotherLibcsLoaderIsW12) {
  file("/bootstrap", make_elf({.interpreter = "/lib/ld-musl-x86_64.so.1"}), 0755);
  manifest.config.entry_point = {"/bootstrap"};
  EXPECT_PRED2(has, only().message, "/lib/ld-musl-x86_64.so.1");
}

TEST_F(EntryPointFindings, AHandlerWithoutAnEntryPointIsW12AndW13) {
  manifest.config.entry_point.clear();
  remove(std::string(k_site) + "/awslambdaric");
  EXPECT_EQ(ids(), "W12 error, W13 error");
  EXPECT_PRED2(has, w12(), "is a handler, and there is no ENTRYPOINT");
}

TEST_F(EntryPointFindings, NeitherEntryPointNorCommandIsW12) {
  manifest.config.entry_point.clear();
  manifest.config.command.clear();
  EXPECT_PRED2(has, w12(), "neither an ENTRYPOINT nor a CMD");
}

TEST_F(EntryPointFindings, PythonWithAHandlerAsItsFileIsW12) {
  manifest.config.entry_point = {k_python};
  EXPECT_PRED2(has, w12(), "given the handler 'app.handler' as a file");
}

TEST_F(EntryPointFindings, ShellFormDropsTheHandler) {
  manifest.config.entry_point = {"/bin/sh", "-c", "/usr/local/bin/python3 -m awslambdaric"};
  EXPECT_PRED2(has, w12(), "warning: an ENTRYPOINT in shell form");
}

TEST_F(EntryPointFindings, AClientWithoutAHandlerIsW12) {
  manifest.config.command.clear();
  EXPECT_PRED2(has, only().message, "given no handler");
  manifest.config.command = {"handler"};
  EXPECT_PRED2(has, only().message, "MODULE.FUNCTION");
}

TEST_F(EntryPointFindings, AHandlerThatIsNowhereIsW12) {
  manifest.config.command = {"main.handler"};
  EXPECT_PRED2(has, only().message, "'main' is nowhere in /var/task");
  manifest.config.command = {"app.handle"};
  EXPECT_PRED2(has, w12(), "warning: 'handle' does not occur");
}

TEST_F(EntryPointFindings, AMissingWorkingDirectoryIsW12) {
  manifest.config.working_directory = "/srv";
  EXPECT_PRED2(has, w12(), "Runtime.InvalidWorkingDir");
}

TEST_F(EntryPointFindings, AModuleThatIsNotThereIsW12) {
  manifest.config.entry_point = {k_python, "-m", "mine"};
  EXPECT_PRED2(has, w12(), "Python has no module mine");
}

TEST_F(EntryPointFindings, AMissingClientIsW13) {
  remove(std::string(k_site) + "/awslambdaric");
  const auto found = only();
  EXPECT_EQ(found.id, "W13") << found.message;
  EXPECT_EQ(found.fix, "RUN /usr/local/bin/python3.11 -m pip install awslambdaric");
}

TEST_F(EntryPointFindings, AClientOfAnotherPythonIsW13) {
  remove(std::string(k_site) + "/awslambdaric");
  file("/usr/local/lib/python3.12/site-packages/awslambdaric/__init__.py", "");
  EXPECT_PRED2(has, only().message, "for another Python");
}

TEST_F(EntryPointFindings, AVirtualEnvironmentHasItsOwn) {
  remove(std::string(k_site) + "/awslambdaric");
  link("/venv/bin/python", k_python);
  file("/venv/pyvenv.cfg", "home = /usr/local/bin\ninclude-system-site-packages = false\n");
  file("/venv/lib/python3.11/site-packages/awslambdaric/__init__.py", "");
  manifest.config.entry_point = {"/venv/bin/python", "-m", "awslambdaric"};
  EXPECT_EQ(ids(), "");
}

TEST_F(EntryPointFindings, ANodeClientThatIsMissingIsW13) {
  file("/usr/local/bin/npx", program(), 0755);
  manifest.config.entry_point = {"/usr/local/bin/npx", "aws-lambda-ric"};
  EXPECT_EQ(ids(), "W13 error");
  file("/var/task/node_modules/aws-lambda-ric/package.json", "{}");
  EXPECT_EQ(ids(), "");
}

TEST_F(EntryPointFindings, AwssOwnBaseStartsItsOwnPython) {
  remove(std::string(k_site) + "/awslambdaric");
  script(
      "#!/bin/sh\nexport _HANDLER=\"$1\"\nRUNTIME_ENTRYPOINT=/var/runtime/bootstrap\n"
      "exec $RUNTIME_ENTRYPOINT\n");
  file("/var/lang/bin/python3.12", program(), 0755);
  link("/var/lang/bin/python3", "python3.12");
  file("/var/lang/lib/python3.12/os.py", "");
  file("/var/lang/lib/python3.12/site-packages/awslambdaric/__init__.py", "");
  EXPECT_EQ(ids(), "");
  manifest.config.command = {"main.handler"};
  EXPECT_PRED2(has, only().message, "'main' is nowhere");
  manifest.config.command.clear();
  EXPECT_PRED2(has, only().message, "given no handler");
}

TEST_F(EntryPointFindings, ABootstrapOfItsOwnNeedsNoClient) {
  remove(std::string(k_site) + "/awslambdaric");
  file("/var/task/bootstrap", make_elf({}), 0755);
  manifest.config.entry_point = {"/var/task/bootstrap"};
  EXPECT_EQ(ids(), "");
}

}  // namespace
}  // namespace coldframe::testing
