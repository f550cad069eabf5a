// What looks like a failure of Lambda's and is none.
#include "tests/unit/violations/explain_words.hpp"

namespace coldframe {
namespace {

class NotExplained : public testing::TestWithParam<Failure> {};

TEST_P(NotExplained, AsAViolation) {
  EXPECT_EQ(ids(explain(GetParam().body, GetParam().output)), std::vector<std::string>{});
}

const Failure k_innocent[] = {
    {"Nothing", "", "", "", ""},
    {"NoJson", "<html>", "", "", ""},
    {"OtherJson", R"([{"errorMessage":"EROFS: read-only file system, open '/x'"}])", "", "", ""},
    {"FieldsOfOtherTypes", R"({"errorType":3,"errorMessage":null,"stackTrace":{},"cause":[1]})", "",
     "", ""},
    {"TalksOfReadOnly", body("ValueError", "the table is read-only; use a copy"),
     "Lambda has a read-only file system, so nothing is kept\n", "", ""},
    {"TalksOfSpace", body("ValueError", "there is no space left on device 3 of the fleet"), "", "",
     ""},
    {"ReadOnlyBelowTmp", body("OSError", "[Errno 30] Read-only file system: '/tmp/mounted/x'"), "",
     "", ""},
    {"DeniedElsewhere", body("PermissionError", "[Errno 13] Permission denied: '/root/x'"), "", "",
     ""},
    {"DeniedBesideTheFunction",
     body("PermissionError", "[Errno 13] Permission denied: '/home/me/functions/x'"), "", "", ""},
    {"DeniedBySomebody", body("ClientError", "An error occurred (AccessDenied): permission denied"),
     "", "", ""},
    {"FileNotThere", body("FileNotFoundError", "[Errno 2] No such file or directory: 'model.bin'"),
     "", "", ""},
    {"DeniedWithoutAName", body("PermissionError", "[Errno 1] Operation not permitted"), "", "",
     ""},
    {"FileOfALibraryNotThere",
     body("FileNotFoundError", "[Errno 2] No such file or directory: 'model.bin'",
          {"  File \"/var/task/transformers/utils/hub.py\", line 1, in x\n"}),
     "", "", ""},
    {"FileNotThereInAPool",
     body("FileNotFoundError", "[Errno 2] No such file or directory: '/var/task/data/x.csv'",
          k_semlock_stack),
     "", "", ""},
    {"NothingToRead",
     body("BlockingIOError", "[Errno 11] Resource temporarily unavailable",
          {"  File \"/var/task/app.py\", line 3, in handler\n    s.recv(1)\n"}),
     "", "", ""},
    {"RouteWithNetwork", body("OSError", "[Errno 101] Network is unreachable"), "", "", ""},
    {"OtherKeyError",
     body("KeyError", "'SCORING_TOKEN'", {"  File \"/var/task/app.py\", line 3, in handler\n"}), "",
     "", ""},
    {"LowerCaseVariable", body("KeyError", "'token'", k_environ_stack), "", "", ""},
    {"VariableOfLambda", body("KeyError", "'AWS_EXECUTION_ENV'", k_environ_stack), "", "", ""},
    {"TalksOfAModule", body("ValueError", "no model"),
     "skipped: ModuleNotFoundError: No module named 'gpu'\nlog: Cannot find module 'x'\n", "", ""},
    {"NameNotInAModule",
     body("Runtime.ImportModuleError",
          "Unable to import module 'app': cannot import name 'x' from 'y' (/var/task/y.py)"),
     "", "", ""},
    {"ClientNotInstalled", "", "/usr/bin/python3: No module named awslambdaric\n", "", ""},
    {"TalksOfALibrary", body("Runtime.ExitError", "timed out"),
     "W dso_loader.cc:64] Could not load dynamic library 'libcudart.so.11.0'; dlerror: "
     "libcudart.so.11.0: cannot open shared object file: No such file or directory\n",
     "", ""},
    {"OtherFileThatCannotBeOpened", body("OSError", "model.bin: cannot open shared object file"),
     "", "", ""},
    {"PlatformError",
     R"({"errorType":"Runtime.ExitError","errorMessage":"RequestId: x Error: Runtime exited"})", "",
     "", ""},
};
INSTANTIATE_TEST_SUITE_P(Failures, NotExplained, testing::ValuesIn(k_innocent),
                         [](const auto& one) { return std::string(one.param.name); });

}  // namespace
}  // namespace coldframe
