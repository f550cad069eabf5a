// What would fail on Lambda, by its arguments.
#include "emulator/sandbox/denied_call.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/syscall.h>
#include <sys/un.h>

#include "emulator/sandbox/bpf.hpp"
#include "emulator/sandbox/deny_trace.hpp"
#include "tests/support/bpf_machine.hpp"

namespace coldframe::testing {
namespace {

using Kind = std::optional<DeniedKind>;

Kind opens(std::uint64_t flags, const std::string& path, bool exists = true) {
  return classify({TracedCall::open, flags, exists, path});
}
Kind makes(const std::string& path, bool exists = false) {
  return classify({TracedCall::make_directory, 0, exists, path});
}

TEST(DeniedCall, IsAFileOpenedForWritingOutsideOfTmp) {
  EXPECT_EQ(opens(O_WRONLY, "/var/task/model.pkl"), DeniedKind::write);
  EXPECT_EQ(opens(O_RDWR, "/var/task/model.pkl"), DeniedKind::write);
  EXPECT_EQ(opens(O_WRONLY | O_CREAT | O_TRUNC, "/home/sbx/.cache", false), DeniedKind::write);
  EXPECT_EQ(opens(O_RDONLY | O_TRUNC, "/var/task/x"), DeniedKind::write);
  EXPECT_EQ(opens(O_RDWR | O_TMPFILE, "/var/tmp"), DeniedKind::write);
  EXPECT_EQ(opens(O_WRONLY, "/tmpx"), DeniedKind::write) << "not below /tmp";
}

TEST(DeniedCall, IsNotWhatWorksThereToo) {
  EXPECT_EQ(opens(O_RDONLY, "/var/task/model.pkl"), std::nullopt);
  EXPECT_EQ(opens(O_WRONLY | O_CREAT, "/tmp/x", false), std::nullopt);
  EXPECT_EQ(opens(O_RDWR | O_TMPFILE, "/tmp"), std::nullopt);
  EXPECT_EQ(opens(O_WRONLY, "/dev/null"), std::nullopt);
  EXPECT_EQ(opens(O_WRONLY, "/proc/self/comm"), std::nullopt);
  EXPECT_EQ(opens(O_PATH | O_RDWR, "/var/task/x"), std::nullopt);
}

TEST(DeniedCall, IsNotWhatFailsHereInTheSameWay) {
  EXPECT_EQ(opens(O_RDWR, "/var/task/nothing", false), std::nullopt) << "ENOENT";
  EXPECT_EQ(opens(O_RDONLY | O_CREAT, "/var/task/there"), std::nullopt) << "reads it";
  EXPECT_EQ(opens(O_RDONLY | O_CREAT, "/var/task/new", false), DeniedKind::write);
  EXPECT_EQ(opens(O_RDWR | O_CREAT | O_EXCL, "/var/task/there"), std::nullopt) << "EEXIST";
  EXPECT_EQ(makes("/var/task", true), std::nullopt) << "EEXIST";
}

TEST(DeniedCall, IsADirectoryMadeOutsideOfTmp) {
  EXPECT_EQ(makes("/var/task/cache"), DeniedKind::make_directory);
  EXPECT_EQ(makes("/tmp/cache"), std::nullopt);
}

Kind does(TracedCall call, const std::string& path, bool exists) {
  return classify({call, 0, exists, path});
}

TEST(DeniedCall, IsWhatTakesAwayOrChangesWhatIsThere) {
  EXPECT_EQ(does(TracedCall::rename, "/var/task/a", true), DeniedKind::rename);
  EXPECT_EQ(does(TracedCall::remove, "/var/task/a", true), DeniedKind::remove);
  EXPECT_EQ(does(TracedCall::change, "/var/task/a", true), DeniedKind::change);
  for (const auto call : {TracedCall::rename, TracedCall::remove, TracedCall::change}) {
    EXPECT_EQ(does(call, "/var/task/a", false), std::nullopt) << "ENOENT";
    EXPECT_EQ(does(call, "/tmp/a", true), std::nullopt);
    EXPECT_EQ(does(call, "/var/task/__pycache__/a.pyc", true), std::nullopt);
    EXPECT_EQ(does(call, "/dev/shm/a", true), DeniedKind::shared_memory);
  }
}

TEST(DeniedCall, IsALinkOrNodeThatIsMade) {
  EXPECT_EQ(does(TracedCall::make, "/var/task/a", false), DeniedKind::make);
  EXPECT_EQ(does(TracedCall::make, "/var/task/a", true), std::nullopt) << "EEXIST";
  EXPECT_EQ(does(TracedCall::make, "/tmp/a", false), std::nullopt);
}

TEST(DeniedCall, IsAFileOfTheFunctionThatItsUserMayNotRead) {
  const auto reads = [](const std::string& path, bool readable, std::uint64_t flags = O_RDONLY) {
    return classify({TracedCall::open, flags, true, path, readable});
  };
  EXPECT_EQ(reads("/var/task/key.pem", false), DeniedKind::read);
  EXPECT_EQ(reads("/opt/key.pem", false), DeniedKind::read);
  EXPECT_EQ(reads("/var/task/key.pem", true), std::nullopt);
  EXPECT_EQ(reads("/etc/shadow", false), std::nullopt) << "closed there too";
  EXPECT_EQ(reads("/var/tasks/key.pem", false), std::nullopt);
  EXPECT_EQ(reads("/var/task/key.pem", false, O_PATH), std::nullopt) << "allowed";
  EXPECT_EQ(reads("/var/task/key.pem", false, O_RDWR), DeniedKind::write);
}

TEST(DeniedCall, IsAllSharedMemory) {
  EXPECT_EQ(opens(O_RDWR | O_CREAT | O_EXCL, "/dev/shm/sem.x", false), DeniedKind::shared_memory);
  EXPECT_EQ(opens(O_RDONLY, "/dev/shm/x"), DeniedKind::shared_memory);
  EXPECT_EQ(makes("/dev/shm/joblib"), DeniedKind::shared_memory);
  EXPECT_EQ(opens(O_RDWR, "/dev/shmem"), std::nullopt);
}

TEST(DeniedCall, IsNotTheByteCodeOfPython) {
  EXPECT_EQ(makes("/var/task/__pycache__"), std::nullopt);
  EXPECT_EQ(opens(O_WRONLY | O_CREAT, "/var/task/__pycache__/app.cpython-312.pyc.9", false),
            std::nullopt);
  EXPECT_EQ(makes("/var/task/__pycache__x"), DeniedKind::make_directory);
}

TEST(AbsolutePath, IsByText) {
  EXPECT_EQ(absolute_path("/var/task", "a"), "/var/task/a");
  EXPECT_EQ(absolute_path("/var/task", "./a//b/../c/"), "/var/task/a/c");
  EXPECT_EQ(absolute_path("/var/task", "/tmp/../etc"), "/etc");
  EXPECT_EQ(absolute_path("/", "../../x"), "/x");
  EXPECT_EQ(absolute_path("/a", ".."), "/");
  EXPECT_EQ(absolute_path("/var/task", ""), "/var/task");
}

template <typename T>
std::span<const std::byte> as_bytes(const T& value, std::size_t size = sizeof(T)) {
  return {reinterpret_cast<const std::byte*>(&value), size};
}

std::optional<std::string> v4(const char* host, int port) {
  sockaddr_in name{};
  name.sin_family = AF_INET;
  name.sin_port = htons(static_cast<std::uint16_t>(port));
  ::inet_pton(AF_INET, host, &name.sin_addr);
  return outward_address(as_bytes(name));
}

std::optional<std::string> v6(const char* host, int port) {
  sockaddr_in6 name{};
  name.sin6_family = AF_INET6;
  name.sin6_port = htons(static_cast<std::uint16_t>(port));
  ::inet_pton(AF_INET6, host, &name.sin6_addr);
  return outward_address(as_bytes(name));
}

TEST(OutwardAddress, IsWhatLeavesTheMachine) {
  EXPECT_EQ(v4("93.184.216.34", 443), "93.184.216.34:443");
  EXPECT_EQ(v6("2001:db8::1", 53), "[2001:db8::1]:53");
  EXPECT_EQ(v4("127.0.0.53", 53), std::nullopt);
  EXPECT_EQ(v4("169.254.100.1", 9001), std::nullopt) << "the Runtime API";
  EXPECT_EQ(v4("0.0.0.0", 80), std::nullopt);
  EXPECT_EQ(v6("::1", 80), std::nullopt);
  EXPECT_EQ(v6("::ffff:127.0.0.1", 80), std::nullopt);
  const sockaddr_un local{AF_UNIX, "/run/x"};
  EXPECT_EQ(outward_address(as_bytes(local)), std::nullopt);
}

TEST(OutwardAddress, IsNothingIfItIsCutShort) {
  sockaddr_in name{};
  name.sin_family = AF_INET;
  for (std::size_t size = 0; size < sizeof name; ++size)
    EXPECT_EQ(outward_address(as_bytes(name, size)), std::nullopt) << size;
  sockaddr_in6 name6{};
  name6.sin6_family = AF_INET6;
  name6.sin6_addr.s6_addr[0] = 0x20;
  for (std::size_t size = 0; size < sizeof name6 - 4; ++size)
    EXPECT_EQ(outward_address(as_bytes(name6, size)), std::nullopt) << size;
  EXPECT_EQ(outward_address(as_bytes(name6, sizeof name6 - 4)), "[2000::]:0");
}

TEST(DeniedCalls, NamesEachOnceAndHasAnEnd) {
  DeniedCalls calls;
  for (int i = 0; i < 2; ++i) {
    calls.add({DeniedKind::write, "/var/task/x"});
    calls.add({DeniedKind::make_directory, "/var/task/x"});
    calls.add({DeniedKind::shared_memory, "/dev/shm/x"});
    calls.add({DeniedKind::connect, "1.2.3.4:5"});
  }
  std::vector<std::string> texts;
  for (const auto& call : calls.calls())
    texts.push_back(describe(call));
  EXPECT_EQ(texts,
            (std::vector<std::string>{"writes /var/task/x", "makes the directory /var/task/x",
                                      "uses shared memory /dev/shm/x", "connects to 1.2.3.4:5"}));
  for (int i = 0; i < 300; ++i)
    calls.add({DeniedKind::write, "/" + std::to_string(i)});
  EXPECT_EQ(calls.calls().size(), DeniedCalls::k_most);
  EXPECT_EQ(calls.more(), 104U);
}

std::uint32_t traced(long number, int flags_at = 0, std::uint64_t flags = 0,
                     std::uint32_t architecture = bpf::k_architecture) {
  seccomp_data data{};
  data.nr = static_cast<int>(number);
  data.arch = architecture;
  data.args[flags_at] = flags;
  return run(build_trace_filter(), data).value;
}

TEST(TraceFilter, StopsWhatMayBeDeniedAndNothingElse) {
  constexpr std::uint32_t tell = SECCOMP_RET_USER_NOTIF;
  constexpr std::uint32_t allow = SECCOMP_RET_ALLOW;
  EXPECT_EQ(traced(SYS_openat, 2, O_WRONLY), tell);
  EXPECT_EQ(traced(SYS_openat, 2, O_CREAT), tell);
  EXPECT_EQ(traced(SYS_openat, 2, O_RDONLY | O_CLOEXEC | O_DIRECTORY), tell);
  for (const int number : {SYS_renameat, SYS_renameat2, SYS_unlinkat, SYS_symlinkat, SYS_linkat,
                           SYS_mknodat, SYS_truncate, SYS_fchmodat, 452 /* fchmodat2 */})
    EXPECT_EQ(traced(number), tell) << number;
  for (const int number : {SYS_read, SYS_write, SYS_statx, SYS_readlinkat, SYS_ftruncate})
    EXPECT_EQ(traced(number), allow) << number;
  EXPECT_EQ(traced(SYS_openat2), tell);
  EXPECT_EQ(traced(SYS_mkdirat), tell);
  EXPECT_EQ(traced(SYS_connect), tell);
#ifdef __x86_64__
  EXPECT_EQ(traced(SYS_open, 1, O_RDWR), tell);
  EXPECT_EQ(traced(SYS_open, 1, O_RDONLY), tell);
  EXPECT_EQ(traced(SYS_creat), tell);
  for (const int number :
       {SYS_mkdir, SYS_rename, SYS_unlink, SYS_rmdir, SYS_symlink, SYS_link, SYS_mknod, SYS_chmod})
    EXPECT_EQ(traced(number), tell) << number;
#endif
  EXPECT_EQ(traced(SYS_openat, 2, O_WRONLY, AUDIT_ARCH_I386), allow) << "another call there";
  int told = 0;
  for (int number = 0; number < 600; ++number)
    told += traced(number) == tell ? 1 : 0;
  EXPECT_LE(told, 24) << "and no other";
}

}  // namespace
}  // namespace coldframe::testing
