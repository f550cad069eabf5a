// Error bodies and stacks as AWS's Python client posted them, and texts of other languages, from
// runs in a mount namespace that was made like Lambda's.
#include "emulator/violations/explain.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <ostream>

namespace coldframe {
namespace {

std::string body(const std::string& type, const std::string& message,
                 const std::vector<std::string>& stack = {}) {
  return nlohmann::json{{"errorType", type}, {"errorMessage", message}, {"stackTrace", stack}}
      .dump();
}

Circumstances strict() {
  Circumstances in;
  in.sandbox = "strict";
  in.task_root = "/home/me/function";
  return in;
}

std::vector<std::string> ids(const std::vector<Violation>& found) {
  std::vector<std::string> out;
  for (const auto& one : found)
    out.push_back(one.id);
  return out;
}

std::vector<Violation> explain(const std::string& error_body, const std::string& output = "",
                               const Circumstances& in = strict()) {
  return explain_failure(read_evidence(error_body, output), in);
}

// The text of the only violation, with its id.
std::string only(const std::vector<Violation>& found) {
  if (found.size() != 1) return "(" + std::to_string(found.size()) + " violations)";
  return found[0].id + ": " + found[0].text;
}

const std::vector<std::string> k_semlock_stack{
    "  File \"/var/task/app.py\", line 6, in handler\n    lock = multiprocessing.Lock()\n",
    "  File \"/usr/lib/python3.11/multiprocessing/synchronize.py\", line 57, in __init__\n    sl = "
    "self._semlock = _multiprocessing.SemLock(\n"};
const std::vector<std::string> k_environ_stack{
    "  File \"/var/task/app.py\", line 6, in handler\n    return os.environ[\"SCORING_TOKEN\"]\n",
    "  File \"<frozen os>\", line 679, in __getitem__\n"};
const std::vector<std::string> k_connect_stack{
    "  File \"/usr/lib/python3.11/socket.py\", line 836, in create_connection\n    "
    "sock.connect(sa)\n"};

struct Failure {
  const char* name;
  std::string body;
  std::string output;
  const char* id;
  const char* words;
};
void PrintTo(const Failure& failure, std::ostream* out) { *out << failure.body << failure.output; }

class Explained : public testing::TestWithParam<Failure> {};

TEST_P(Explained, ByItsId) {
  Circumstances in = strict();
  in.network = "none";
  const std::string text = only(explain(GetParam().body, GetParam().output, in));
  EXPECT_TRUE(text.starts_with(std::string(GetParam().id) + ": ")) << text;
  EXPECT_NE(text.find(GetParam().words), std::string::npos) << text;
  EXPECT_EQ(text.find('\n'), std::string::npos) << text;
  EXPECT_LE(text.size(), 300U) << text;
}

const Failure k_failures[] = {
    {"PythonReadOnly", body("OSError", "[Errno 30] Read-only file system: 'cache.json'"), "", "W1",
     "wrote outside /tmp: 'cache.json' is read-only on Lambda; write to /tmp"},
    {"NodeReadOnly", body("Error", "EROFS: read-only file system, open '/x'"), "", "W1", "'/x'"},
    {"GoReadOnly", body("PathError", "open /x.db: read-only file system"), "", "W1", "'/x.db'"},
    {"JavaReadOnly", body("java.io.FileNotFoundException", "/x.db (Read-only file system)"), "",
     "W1", "'/x.db'"},
    {"RustPanic", "",
     "thread 'main' panicked at r.rs:11:59:\ncalled `Result::unwrap()` on an `Err` value: Os { "
     "code: 30, kind: ReadOnlyFilesystem, message: \"Read-only file system\" }\n",
     "W1", "write to /tmp"},
    {"PythonCause",
     R"({"errorType":"RuntimeError","errorMessage":"no cache","cause":{"errorType":"OSError",)"
     R"("errorMessage":"[Errno 30] Read-only file system: '/x'"}})",
     "", "W1", "'/x'"},
    {"PythonCauseBehindAnother",
     R"({"errorType":"E","errorMessage":"open m: no such file or directory","cause":{)"
     R"("errorType":"F","errorMessage":"open /x: read-only file system"}})",
     "", "W1", "'/x'"},
    {"PythonHome", body("OSError", "[Errno 30] Read-only file system: '/home/sbx_user1051'"), "",
     "W2", "set HOME=/tmp"},
    {"PythonOpenInHome",
     body("FileNotFoundError",
          "[Errno 2] No such file or directory: '/home/sbx_user1051/.cache/x'"),
     "", "W2", "set HOME=/tmp"},
    {"PythonPathHome", body("RuntimeError", "Could not determine home directory."), "", "W2",
     "HOME"},
    {"PythonHomeKey",
     body("KeyError", "'HOME'", {"  File \"<frozen os>\", line 679, in __getitem__\n"}), "", "W2",
     "HOME"},
    {"GoHome", body("errorString", "$HOME is not defined"), "", "W2", "HOME"},
    {"GoCacheDirectory", body("errorString", "neither $XDG_CACHE_HOME nor $HOME are defined"), "",
     "W2", "HOME"},
    {"ShellTilde", "", "mkdir: cannot create directory ‘~/.cache’: No such file or directory\n",
     "W2", "HOME"},
    {"Numba",
     body("RuntimeError",
          "cannot cache function 'f': no locator available for file '/var/task/nbmod.py'"),
     "", "W3", "NUMBA_CACHE_DIR=/tmp/numba"},
    {"HuggingFacePath",
     body("OSError", "[Errno 30] Read-only file system: '/home/sbx_user1051/.cache/huggingface'"),
     "", "W3", "HF_HOME=/tmp/huggingface"},
    {"HuggingFaceStack",
     body("OSError", "[Errno 30] Read-only file system: '/home/sbx_user1051'",
          {"  File \"/var/task/app.py\", line 3, in <module>\n",
           "  File \"/var/task/huggingface_hub/file_download.py\", line 1010, in x\n"}),
     "", "W3", "HF_HOME"},
    {"TorchPath",
     body("OSError", "[Errno 30] Read-only file system: '/home/sbx_user1051/.cache/torch/hub'"), "",
     "W3", "TORCH_HOME=/tmp/torch"},
    {"Nltk", body("OSError", "[Errno 30] Read-only file system: '/home/sbx_user1051/nltk_data'"),
     "", "W3", "NLTK_DATA"},
    {"PythonUnreadable",
     body("PermissionError", "[Errno 13] Permission denied: '/var/task/rules.json'"), "", "W4",
     "'/var/task/rules.json' is not readable by sbx_user1051"},
    {"PythonUnreadableHere",
     body("PermissionError", "[Errno 13] Permission denied: '/home/me/function/app.py'"), "", "W4",
     "chmod o+r (directories and programs o+rx)"},
    {"GoUnreadable", body("PathError", "open rules.json: permission denied"), "", "W4",
     "'rules.json'"},
    {"GoNotToBeRun", body("PathError", "fork/exec /var/task/bin/tool: permission denied"), "", "W4",
     "'/var/task/bin/tool'"},
    {"JavaUnreadable", body("java.nio.file.AccessDeniedException", "/var/task/x"), "", "W4",
     "'/var/task/x'"},
    {"JavaUnreadableInOutput", "",
     "Exception in thread \"main\" java.nio.file.AccessDeniedException: /opt/model.bin\n", "W4",
     "'/opt/model.bin'"},
    {"PythonFull", body("OSError", "[Errno 28] No space left on device"), "", "W5",
     "/tmp is full (512 MB); raise EphemeralStorage"},
    {"GoFull", body("PathError", "write /tmp/big: no space left on device"), "", "W5", "512 MB"},
    {"PythonNoTemp",
     body("FileNotFoundError",
          "[Errno 2] No usable temporary directory found in ['/tmp', '/var/tmp', '/var/task']"),
     "", "W5", "/tmp is full"},
    {"SemLock", body("FileNotFoundError", "[Errno 2] No such file or directory", k_semlock_stack),
     "", "W6", "no /dev/shm"},
    {"SemLockAmazonLinux2", body("OSError", "[Errno 38] Function not implemented", k_semlock_stack),
     "", "W6", "multiprocessing.Pipe"},
    {"SharedMemory",
     body("FileNotFoundError", "[Errno 2] No such file or directory: '/psm_9e17eefd'",
          {"  File \"/usr/lib/python3.11/multiprocessing/shared_memory.py\", line 93, in "
           "__init__\n  "
           "  self._fd = _posixshmem.shm_open(\n"}),
     "", "W6", "no /dev/shm"},
    {"DevShm", body("FileNotFoundError", "[Errno 2] No such file or directory: '/dev/shm/x'"), "",
     "W6", "no /dev/shm"},
    {"PythonFiles", body("OSError", "[Errno 24] Too many open files: '/dev/null'"), "", "W9",
     "1024 open files"},
    {"NodeSpawnFiles", body("Error", "spawnSync /bin/sh EMFILE"), "", "W9", "1024 open files"},
    {"PythonThread", body("RuntimeError", "can't start new thread"), "", "W9",
     "1024 processes and threads"},
    {"PythonFork",
     body("BlockingIOError", "[Errno 11] Resource temporarily unavailable",
          {"  File \"/usr/lib/python3.11/subprocess.py\", line 1835, in _execute_child\n"}),
     "", "W9", "1024 processes and threads"},
    {"JavaThread",
     body("java.lang.OutOfMemoryError",
          "unable to create native thread: possibly out of memory or process/resource limits "
          "reached"),
     "", "W9", "processes and threads"},
    {"GoThread", "", "runtime: failed to create new OS thread (have 10 already; errno=11)\n", "W9",
     "threads"},
    {"RustThread", "",
     "failed to spawn thread: Os { code: 11, kind: WouldBlock, message: \"Resource temporarily "
     "unavailable\" }\n",
     "W9", "threads"},
    {"BashFork", "", "bash: fork: Resource temporarily unavailable\n", "W9", "processes"},
    {"OpenBlas", "",
     "OpenBLAS blas_thread_init: pthread_create failed for thread 5 of 64: Resource temporarily "
     "unavailable\n",
     "W30", "128 MB have 2 vCPUs"},
    {"Libgomp", "", "\nlibgomp: Thread creation failed: Resource temporarily unavailable\n", "W30",
     "OMP_NUM_THREADS"},
    {"Marshal",
     body("Runtime.MarshalError",
          "Unable to marshal response: Object of type float32 is not JSON serializable"),
     "", "W32", "a value of type float32 is not JSON"},
    {"OwnDumps", body("TypeError", "Object of type ndarray is not JSON serializable"), "", "W32",
     "type ndarray"},
    {"PythonRoute", body("OSError", "[Errno 101] Network is unreachable", k_connect_stack), "",
     "W36", "no route out"},
    {"PythonConnectTimeout", body("TimeoutError", "timed out", k_connect_stack), "", "W36",
     "no route out"},
    {"PythonName",
     body("URLError", "<urlopen error [Errno -3] Temporary failure in name resolution>"), "", "W36",
     "no route out"},
    {"PythonUrllib", body("URLError", "<urlopen error timed out>"), "", "W36", "no route out"},
    {"PythonRequests",
     body("ConnectTimeout",
          "HTTPConnectionPool(host='192.0.2.1', port=80): Max retries exceeded with url: / (Caused "
          "by ConnectTimeoutError(<HTTPConnection(host='192.0.2.1', port=80) at 0x7fb0e79af910>, "
          "'Connection to 192.0.2.1 timed out. (connect timeout=1)'))"),
     "", "W36", "no route out"},
    {"PythonBoto3",
     body("EndpointConnectionError",
          "Could not connect to the endpoint URL: \"https://s3.amazonaws.com/\""),
     "", "W36", "no route out"},
    {"NodeFetch", body("TypeError", "fetch failed"), "", "W36", "no route out"},
    {"GoHttp",
     body("Error",
          "Get \"http://192.0.2.1/\": context deadline exceeded (Client.Timeout exceeded while "
          "awaiting headers)"),
     "", "W36", "no route out"},
    {"JavaConnect", body("java.net.SocketTimeoutException", "Connect timed out"), "", "W36",
     "no route out"},
    {"JavaHttp", body("java.net.http.HttpConnectTimeoutException", "HTTP connect timed out"), "",
     "W36", "no route out"},
    {"Curl", "", "curl: (6) Could not resolve host: example.com\n", "W36", "no route out"},
    {"NodeName", body("Error", "getaddrinfo EAI_AGAIN example.com"), "", "W36", "no route out"},
    {"GoDial", body("OpError", "dial tcp 192.0.2.1:443: i/o timeout"), "", "W36", "no route out"},
    {"JavaName", body("java.net.UnknownHostException", "example.com"), "", "W36", "no route out"},
    {"RustName",
     body("Error", "failed to lookup address information: Temporary failure in name resolution"),
     "", "W36", "no route out"},
    {"PythonVariable", body("KeyError", "'SCORING_TOKEN'", k_environ_stack), "", "W38",
     "SCORING_TOKEN is not set for the function"},
    {"PythonVariableInInit", "",
     "Traceback (most recent call last):\n  File \"/var/task/app.py\", line 3, in <module>\n    "
     "TOKEN = os.environ['SCORING_TOKEN']\n  File \"<frozen os>\", line 679, in __getitem__\n"
     "KeyError: 'SCORING_TOKEN'\n",
     "W38", "SCORING_TOKEN"},
    {"RustVariable", body("Error", "environment variable not found"), "", "W38",
     "Environment.Variables"},
};
INSTANTIATE_TEST_SUITE_P(Failures, Explained, testing::ValuesIn(k_failures),
                         [](const auto& one) { return std::string(one.param.name); });

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
    {"PlatformError",
     R"({"errorType":"Runtime.ExitError","errorMessage":"RequestId: x Error: Runtime exited"})", "",
     "", ""},
};
INSTANTIATE_TEST_SUITE_P(Failures, NotExplained, testing::ValuesIn(k_innocent),
                         [](const auto& one) { return std::string(one.param.name); });

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
  in.threads = 16;
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
