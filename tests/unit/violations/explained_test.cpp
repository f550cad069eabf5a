// Error bodies and output that show what a function has met on Lambda, in several languages' forms.
#include "tests/unit/violations/explain_words.hpp"

namespace coldframe {
namespace {

class Explained : public testing::TestWithParam<Failure> {};

TEST(ExplainedProgram, IsKnownByItsNameAndNotByItsDirectory) {
  Circumstances in = strict();
  in.handler = {"app.x", "ImageConfig.Command in function.json"};
  in.program = "/srv/node-svc/bin/python3";
  const auto text = [&] {
    return only(explain(body("Runtime.MalformedHandlerName", "Bad handler 'x'"), "", in));
  };
  EXPECT_NE(text().find("app.py"), std::string::npos) << text();
  in.program = "node_modules/.bin/aws-lambda-ric";
  EXPECT_NE(text().find("app.js"), std::string::npos) << text();
}

TEST_P(Explained, ByItsId) {
  Circumstances in = strict();
  in.network = "none";
  in.handler = {"app.handler", "ImageConfig.Command in function.json"};
  in.program = ".venv/bin/python";
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
    {"PythonHandler", body("Runtime.HandlerNotFound", "Handler 'handle' missing on module 'app'"),
     "", "W12",
     "'app.handler' (ImageConfig.Command in function.json) names a function that its module does "
     "not have; after the dot goes the name of one that it has"},
    {"NodeHandler", body("Runtime.HandlerNotFound", "app.handler is undefined or not exported"), "",
     "W12", "after the dot goes the name of one that it has, and exports"},
    {"PythonHandlerForm",
     body("Runtime.MalformedHandlerName",
          "Bad handler 'handler': not enough values to unpack (expected 2, got 1)"),
     "", "W12", "is no handler; e.g. app.handler"},
    {"PythonHandlerModule",
     body("Runtime.ImportModuleError", "Unable to import module 'app': No module named 'app'"), "",
     "W12", "names a module that is not there; e.g. app.handler"},
    {"NodeHandlerModule",
     body("Runtime.ImportModuleError",
          "Error: Cannot find module 'app'\nRequire stack:\n- /var/task/index.mjs"),
     "", "W12", "in the working directory"},
    {"MisspeltClient", "", "/usr/bin/python3: No module named awslambdric\n", "W12",
     "-m 'awslambdric': '/usr/bin/python3' has no such module; did you mean 'awslambdaric'?"},
    {"PythonModule",
     body("Runtime.ImportModuleError",
          "Unable to import module 'app': No module named 'tensorflow'"),
     "", "",
     "the module 'tensorflow' is not there: it must be in the image; here it belongs in the "
     "virtual "
     "environment of the entry point ('.venv/bin/python' -m pip install …), or beside the handler"},
    {"PythonModuleInHandler", body("ModuleNotFoundError", "No module named 'PIL'"), "", "",
     "'PIL' is not there"},
    {"PythonModuleInOutput", "",
     "Traceback (most recent call last):\nModuleNotFoundError: No module named 'numpy'\n", "",
     "'numpy' is not there"},
    {"NodeModule",
     body("Runtime.ImportModuleError",
          "Error: Cannot find module 'lodash'\nRequire stack:\n- /var/task/app.js"),
     "", "", "'lodash' is not there: it must be in the image; here it belongs in node_modules"},
    {"NodePackage", body("Error", "Cannot find package 'lodash' imported from /var/task/app.mjs"),
     "", "", "node_modules"},
    {"PythonSyntax",
     body("Runtime.UserCodeSyntaxError",
          "Syntax error in module 'app': expected ':' (app.py, line 1)"),
     "", "", "cannot be loaded with '.venv/bin/python': its code has a syntax error there"},
    {"PythonLibrary",
     body("Runtime.ImportModuleError",
          "Unable to import module 'app': libgomp.so.1: cannot open shared object file: No such "
          "file or directory"),
     "", "W15", "the native library 'libgomp.so.1' is not there"},
    {"LibraryInOutput", "",
     "/var/task/tool: error while loading shared libraries: libGL.so.1: cannot open shared object "
     "file: No such file or directory\n",
     "W15", "'libGL.so.1'"},
    {"TooLarge",
     body("Function.ResponseSizeTooLarge",
          "Response payload size exceeded maximum allowed payload size (6291556 bytes)."),
     "", "W34", "larger than 6 MB, the most that Lambda takes: put it into S3"},
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

}  // namespace
}  // namespace coldframe
