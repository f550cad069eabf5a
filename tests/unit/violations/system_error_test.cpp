// The texts are those that Python 3.11, Node.js 20, Go 1.26, Rust 1.95, Java 17, coreutils and
// dash wrote in a mount namespace with a read-only root, 512 MB of /tmp and an unprivileged user.
#include "emulator/violations/system_error.hpp"

#include <gtest/gtest.h>

#include <ostream>

namespace coldframe {
namespace {

using Kind = SystemErrorKind;

struct Form {
  const char* name;
  const char* text;
  Kind kind;
  const char* path;
};
void PrintTo(const Form& form, std::ostream* out) { *out << form.text; }

class SystemErrorForm : public testing::TestWithParam<Form> {};

TEST_P(SystemErrorForm, IsReadWithItsPath) {
  const auto error = find_system_error(GetParam().text);
  ASSERT_TRUE(error.has_value());
  EXPECT_EQ(error->kind, GetParam().kind);
  EXPECT_EQ(error->path, GetParam().path);
}

const Form k_forms[] = {
    {"PythonOpen", "[Errno 30] Read-only file system: 'cache.db'", Kind::read_only, "cache.db"},
    {"PythonMakedirs", "OSError: [Errno 30] Read-only file system: '/models'", Kind::read_only,
     "/models"},
    {"PythonBytes", "[Errno 30] Read-only file system: b'/models'", Kind::read_only, "/models"},
    {"PythonRename", "[Errno 30] Read-only file system: '/a' -> '/b'", Kind::read_only, "/a"},
    {"PythonNoPath", "OSError: [Errno 28] No space left on device", Kind::no_space, ""},
    {"PythonWrapped", "RuntimeError: cannot save: [Errno 13] Permission denied: '/opt/x'",
     Kind::no_access, "/opt/x"},
    {"PythonFiles", "OSError: [Errno 24] Too many open files: '/dev/null'", Kind::too_many_files,
     "/dev/null"},
    {"PythonSemLock", "[Errno 38] Function not implemented", Kind::no_function, ""},
    {"PythonFork", "BlockingIOError: [Errno 11] Resource temporarily unavailable", Kind::try_again,
     ""},
    {"PythonNetwork", "OSError: [Errno 101] Network is unreachable", Kind::no_network, ""},
    {"NodeOpen", "EROFS: read-only file system, open 'cache.db'", Kind::read_only, "cache.db"},
    {"NodeStack",
     "Error: EROFS: read-only file system, open '/x'\n    at Object.writeFileSync "
     "(node:fs:2380:20)",
     Kind::read_only, "/x"},
    {"NodeRead", "Error: EACCES: permission denied, open '/var/task/secret.js'", Kind::no_access,
     "/var/task/secret.js"},
    {"NodeWrite", "Error: ENOSPC: no space left on device, write", Kind::no_space, ""},
    {"NodeFiles", "Error: EMFILE: too many open files, open '/dev/null'", Kind::too_many_files,
     "/dev/null"},
    {"NodeSpawn", "Error: spawnSync /bin/sh EMFILE", Kind::too_many_files, ""},
    {"NodeConnect", "Error: connect ENETUNREACH 192.0.2.1:443 - Local (0.0.0.0:0)",
     Kind::no_network, ""},
    {"NodeHome", "Error: ENOENT: no such file or directory, mkdir '/home/sbx_user1051/.cache'",
     Kind::no_entry, "/home/sbx_user1051/.cache"},
    {"GoOpen", "open /x.db: read-only file system", Kind::read_only, "/x.db"},
    {"GoMkdir", "mkdir /models: read-only file system", Kind::read_only, "/models"},
    {"GoWithSpace", "cannot cache: open /my models/x.db: read-only file system", Kind::read_only,
     "/my models/x.db"},
    {"GoWrite", "write /tmp/big: no space left on device", Kind::no_space, "/tmp/big"},
    {"GoRelative", "open secret.txt: permission denied", Kind::no_access, "secret.txt"},
    {"GoDial", "dial tcp 192.0.2.1:443: connect: network is unreachable", Kind::no_network, ""},
    {"RustDisplay", "Read-only file system (os error 30)", Kind::read_only, ""},
    {"RustContext", "cannot open the cache: Read-only file system (os error 30)", Kind::read_only,
     ""},
    {"RustDebug",
     R"(called `Result::unwrap()` on an `Err` value: Os { code: 30, kind: ReadOnlyFilesystem, message: "Read-only file system" })",
     Kind::read_only, ""},
    {"RustThread",
     R"(failed to spawn thread: Os { code: 11, kind: WouldBlock, message: "Resource temporarily unavailable" })",
     Kind::try_again, ""},
    {"JavaIo", "java.io.FileNotFoundException: /x.db (Read-only file system)", Kind::read_only,
     "/x.db"},
    {"JavaIoMessage", "/x.db (Read-only file system)", Kind::read_only, "/x.db"},
    {"JavaNio", "java.nio.file.FileSystemException: /models: Read-only file system",
     Kind::read_only, "/models"},
    {"JavaDenied", "java.nio.file.AccessDeniedException: /var/task/secret.txt", Kind::no_access,
     "/var/task/secret.txt"},
    {"JavaSpaceMessage", "No space left on device", Kind::no_space, ""},
    {"ShellRedirect", "sh: 1: cannot create /x.db: Read-only file system", Kind::read_only,
     "/x.db"},
    {"Touch", "touch: cannot touch '/x.db': Read-only file system", Kind::read_only, "/x.db"},
    {"Mkdir", "mkdir: cannot create directory ‘/models’: Read-only file system", Kind::read_only,
     "/models"},
    {"Cat", "cat: secret.txt: Permission denied", Kind::no_access, "secret.txt"},
    {"CatDescriptor", "cat: /dev/fd/63: No such file or directory", Kind::no_entry, "/dev/fd/63"},
    {"BashFork", "bash: fork: Resource temporarily unavailable", Kind::try_again, ""},
    {"Perror", "/x.db: Read-only file system", Kind::read_only, "/x.db"},
    {"JoblibWarning",
     "UserWarning: [Errno 2] No such file or directory.  joblib will operate in serial mode",
     Kind::no_entry, ""},
};
INSTANTIATE_TEST_SUITE_P(Texts, SystemErrorForm, testing::ValuesIn(k_forms),
                         [](const auto& one) { return std::string(one.param.name); });

class NoSystemError : public testing::TestWithParam<const char*> {};

TEST_P(NoSystemError, IsReadInAText) { EXPECT_FALSE(find_system_error(GetParam())); }

INSTANTIATE_TEST_SUITE_P(
    Texts, NoSystemError,
    testing::Values("", "Read", "ead-only file system", "the data set is read-only",
                    "Lambda has a read-only file system and 512 MB of /tmp",
                    "Read-only file systems are fine", "no space left on device?",
                    "permission denied by the policy of the bucket", "Too many open filesets",
                    "Error: read-only", "spawned EMFILES", "AccessDeniedException: User is not"));

TEST(SystemError, TheFirstOfATextCounts) {
  const auto error = find_system_error(
      "OSError: [Errno 30] Read-only file system: '/a'\n"
      "PermissionError: [Errno 13] Permission denied: '/b'\n");
  ASSERT_TRUE(error.has_value());
  EXPECT_EQ(error->kind, Kind::read_only);
  EXPECT_EQ(error->path, "/a");
}

TEST(SystemError, KnowsWhatStoodBeforeIt) {
  const auto error =
      find_system_error("x\nfork/exec /bin/true: resource temporarily unavailable\ny");
  ASSERT_TRUE(error.has_value());
  EXPECT_EQ(error->before, "fork/exec /bin/true: ");
  EXPECT_TRUE(shows("EROFS: read-only file system, open '/x'", Kind::read_only));
  EXPECT_FALSE(shows("EROFS: read-only file system, open '/x'", Kind::no_space));
}

}  // namespace
}  // namespace coldframe
