// Which of several it is, how it is told, and what depends on the circumstances.
#include "tests/unit/violations/explain_words.hpp"

namespace coldframe {
namespace {

TEST(Explain, TakesNoOtherTimeoutForAMissingRoute) {
  Circumstances in = strict();
  in.network = "none";
  EXPECT_TRUE(explain(body("TimeoutError", "the lock timed out"), "", in).empty());
  EXPECT_TRUE(explain(body("Error", "fetch failed"), "", in).empty());
  EXPECT_TRUE(explain(body("Sandbox.Timedout",
                           "RequestId: x Error: Task timed out after 3.00 "
                           "seconds"),
                      "", in)
                  .empty());
}

// How a process ended that has shown nothing else.
std::string ended(const std::string& reason, const std::string& output = "") {
  Evidence evidence = read_evidence("", output);
  evidence.ended = reason;
  return only(explain_failure(evidence, strict()));
}

TEST(Explain, SaysWhereToLookForTheEndOfAProcess) {
  const std::string by = "Runtime exited with error: signal: ";
  EXPECT_TRUE(ended(by + "segmentation fault")
                  .starts_with("W21: native code crashed (segmentation fault): an extension"));
  EXPECT_NE(ended(by + "bus error").find("PYTHONFAULTHANDLER=1"), std::string::npos);
  EXPECT_TRUE(ended(by + "illegal instruction").starts_with("W17: an instruction that this CPU"));
  EXPECT_TRUE(ended(by + "aborted").starts_with("W21: native code gave up (aborted): what it"));
  EXPECT_TRUE(ended(by + "killed")
                  .starts_with("W21: somebody has killed the process, not for the "
                               "memory size of the function"));
  EXPECT_TRUE(ended(by + "terminated").starts_with("W21: a signal ended the process (terminated)"));
  EXPECT_EQ(ended("Runtime exited with error: exit status 3"),
            "W21: the process ended by itself (exit status 3) and was to ask for events for ever: "
            "look for sys.exit(), os._exit() and process.exit(), and at what it printed last");
  EXPECT_EQ(
      ended("Runtime exited with error: exit status 127"),
      "W21: the process ended with exit status 127, a shell's for a program that is not there");
  EXPECT_TRUE(ended("Runtime exited with error: exit status 139").starts_with("W21: native code"))
      << "a shell's word for a child that crashed";
  EXPECT_TRUE(ended("Runtime exited with error: exit status 132").starts_with("W17: "));
  EXPECT_EQ(ended("Runtime exited with error: exit status 1",
                  "/usr/bin/python3: No module named awslambdaric\n"),
            ended(""))
      << "it is told how to install it";
  EXPECT_NE(ended("Runtime exited without providing a reason").find("(exit status 0)"),
            std::string::npos);
}

TEST(Explain, SaysNothingOfTheEndWhereAReasonWasPrinted) {
  EXPECT_TRUE(ended("Runtime exited with error: exit status 1",
                    "OSError: [Errno 28] No space left on device\n")
                  .starts_with("W5: "));
}

TEST(Explain, KnowsModulesOfHandlersInDirectories) {
  Circumstances in = strict();
  in.handler = {"src/pages/app.handler", "Handler in function.json"};
  const auto id = [&](const std::string& message) {
    return explain(body("Runtime.ImportModuleError", message), "", in).at(0).id;
  };
  EXPECT_EQ(id("Unable to import module 'src/pages/app': No module named 'src.pages.app'"), "W12");
  EXPECT_EQ(id("Unable to import module 'src/pages/app': No module named 'src'"), "W12");
  EXPECT_EQ(id("Unable to import module 'src/pages/app': No module named 'app'"), "");
  EXPECT_EQ(id("Error: Cannot find module 'app'\nRequire stack:"), "W12");
  EXPECT_EQ(id("Error: Cannot find module 'pages'\nRequire stack:"), "");
}

TEST(Explain, PrefersTheReportedErrorToWhatWasPrinted) {
  EXPECT_EQ(ids(explain(body("OSError", "[Errno 28] No space left on device"),
                        "EROFS: read-only file system, open '/x'\n")),
            std::vector<std::string>{"W5"});
  EXPECT_EQ(
      ids(explain(body("ValueError", "no model"), "EROFS: read-only file system, open '/x'\n")),
      std::vector<std::string>{"W1"});
}

TEST(Explain, NamesAnIdOnceAndAHandfulOfThem) {
  const std::string line = "OSError: [Errno 30] Read-only file system: '/x'\n";
  EXPECT_EQ(ids(explain("", line + line)), std::vector<std::string>{"W1"});
  const std::string many = line +
                           "OSError: [Errno 28] No space left on device\n"
                           "OSError: [Errno 24] Too many open files\n"
                           "cat: /dev/fd/63: No such file or directory\n"
                           "Object of type x is not JSON serializable\n"
                           "$HOME is not defined\n";
  Circumstances in = strict();
  in.has_descriptor_files = false;
  EXPECT_EQ(ids(explain("", many, in)), (std::vector<std::string>{"W1", "W5", "W9", "W8", "W32"}));
}

TEST(Explain, MissesDescriptorFilesOnlyWhereThereAreNone) {
  const std::string shown = "cat: /dev/fd/63: No such file or directory\n";
  EXPECT_TRUE(explain("", shown).empty()) << "somebody has closed it";
  Circumstances in = strict();
  in.has_descriptor_files = false;
  EXPECT_EQ(only(explain("", shown, in)),
            "W8: there is no /dev/fd, so the <( ) and >( ) of bash fail; use a pipe or a file in "
            "/tmp");
}

TEST(Explain, CutsALongPathBetweenCharacters) {
  std::string path = "/";
  for (int i = 0; i < 200; ++i)
    path += "ü";
  const std::string text =
      only(explain(body("OSError", "[Errno 30] Read-only file system: '" + path + "'")));
  EXPECT_LT(text.size(), 200U);
  EXPECT_NE(text.find("ü…ü"), std::string::npos) << text;
  EXPECT_NO_THROW(nlohmann::json(text).dump()) << "is no UTF-8";
}

TEST(Explain, SaysWhoseDiskIsFull) {
  Circumstances in = strict();
  in.tmp_mb = 2048;
  const std::string full = body("OSError", "[Errno 28] No space left on device");
  EXPECT_NE(only(explain(full, "", in)).find("/tmp is full (2048 MB)"), std::string::npos);
  in.sandbox = "none";
  EXPECT_NE(only(explain(full, "", in)).find("the disk of this host is full"), std::string::npos);
}

TEST(Explain, SaysThatAVariableIsSetInTheShell) {
  Circumstances in = strict();
  in.has_variable = [](const std::string& name) { return name == "SCORING_TOKEN"; };
  EXPECT_EQ(only(explain(body("KeyError", "'SCORING_TOKEN'", k_environ_stack), "", in)),
            "W38: SCORING_TOKEN is set in your shell only, not for the function; add it to "
            "Environment.Variables, or pass it with -E SCORING_TOKEN");
}

TEST(Explain, FindsMoreThreadsThanTheCpusCanRun) {
  Circumstances in = strict();
  in.memory_mb = 1769;
  in.threads = 64;
  const std::string timeout = body("Sandbox.Timedout", "RequestId: x Error: Task timed out");
  EXPECT_NE(only(explain(timeout, "", in)).find("W30: it had 64 threads; 1769 MB have 2 vCPUs"),
            std::string::npos);
  EXPECT_TRUE(explain(body("KeyError", "'x'"), "", in).empty()) << "threads are no reason";
  for (const int few : {16, 32}) {
    in.threads = few;
    EXPECT_TRUE(explain(timeout, "", in).empty()) << few;
  }
  in.threads = 40;
  EXPECT_FALSE(explain(timeout, "", in).empty());
  in.memory_mb = 10240;  // 6 vCPUs
  EXPECT_TRUE(explain(timeout, "", in).empty());
}

TEST(ExplainCosts, KnowsTheWarningsOfLibraries) {
  EXPECT_EQ(ids(explain_costs("app.py:1: UserWarning: [Errno 2] No such file or directory.  joblib "
                              "will operate in serial mode\n")),
            std::vector<std::string>{"W6"});
  EXPECT_EQ(ids(explain_costs(
                "Matplotlib created a temporary cache directory at /tmp/matplotlib-lndvkf4l "
                "because there was an issue with the default path\n")),
            std::vector<std::string>{"W3"});
  EXPECT_EQ(
      ids(explain_costs("There was a problem when trying to write in your cache folder "
                        "(/home/sbx_user1051/.cache/huggingface/hub). You should set the "
                        "environment variable TRANSFORMERS_CACHE to a writable directory.\n")),
      std::vector<std::string>{"W3"});
}

TEST(ExplainCosts, HasNothingToSayOfErrorsThatAFunctionPrints) {
  EXPECT_TRUE(explain_costs("OSError: [Errno 30] Read-only file system: '/x'\n"
                            "RuntimeError: can't start new thread\n"
                            "we use joblib and Matplotlib\n")
                  .empty());
}

TEST(ReadEvidence, TakesTheFieldsOfEachClient) {
  const auto node = read_evidence(
      R"({"errorType":"Error","errorMessage":"m","trace":["Error: m","    at handler"]})", "out");
  EXPECT_EQ(node.type, "Error");
  EXPECT_EQ(node.message, "m");
  EXPECT_EQ(node.stack, "Error: m\n    at handler\n");
  EXPECT_EQ(node.output, "out");
  const auto go = read_evidence(
      R"({"errorMessage":"m","errorType":"errorString","stackTrace":[{"path":"main.go","line":3,"label":"main"}]})",
      "");
  EXPECT_EQ(go.stack, "main.go main\n");
  EXPECT_EQ(read_evidence(std::string(300'000, '['), "").message, "");
}

}  // namespace
}  // namespace coldframe
