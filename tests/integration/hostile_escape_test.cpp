// Functions that try to get out of the strict sandbox, or at us or at their neighbour. Each try is
// refused, or reaches the function's own place and nothing else.
#include <gtest/gtest.h>
#include <sys/syscall.h>

#include "tests/support/hostile_fixture.hpp"

namespace coldframe::testing {
namespace {

class HostileEscape : public HostileFixture {
 protected:
  std::string number(long call) { return std::to_string(call); }
};

TEST_F(HostileEscape, FindsNothingOfOursInTheInit) {
  start_hostile();
  EXPECT_EQ(attack("answer = open('/proc/1/cmdline').read().rstrip('\\0')"), "coldframe-sandbox");
  const Json found = attack(R"(
answer = {}
for name in ('environ', 'maps', 'mem', 'auxv', 'io', 'syscall'):
    answer[name] = refused(open, '/proc/1/' + name, 'rb')
for name in ('fd', 'map_files', 'root', 'cwd', 'task/1/fd', 'root/proc'):
    answer[name] = refused(os.listdir, '/proc/1/' + name)
for name in ('exe', 'ns/mnt', 'ns/net'):
    answer[name] = refused(os.readlink, '/proc/1/' + name)
for name in ('oom_score_adj', 'clear_refs', 'uid_map', 'coredump_filter', 'comm'):
    answer['write ' + name] = refused(os.open, '/proc/1/' + name, os.O_WRONLY)
)");
  for (const auto& [name, error] : found.items()) {
    EXPECT_TRUE(error == "EACCES" || error == "EPERM") << name << ": " << error;
  }
  EXPECT_EQ(found.size(), 20U);
  expect_all_well();
}

TEST_F(HostileEscape, CannotTraceOrReadTheInit) {
  start_hostile();
  const std::string attach = number(SYS_ptrace) + ", 16, 1, 0, 0";
  const std::string seize = number(SYS_ptrace) + ", 0x4206, 1, 0, 0";
  EXPECT_EQ(attack("answer = call(" + attach + ")"), "EPERM");
  EXPECT_EQ(attack("answer = call(" + seize + ")"), "EPERM");
  EXPECT_EQ(attack("answer = call(" + number(SYS_process_vm_readv) + ", 1, 0, 0, 0, 0, 0)"),
            "EPERM");
  EXPECT_EQ(attack("answer = call(" + number(SYS_pidfd_getfd) + ", os.pidfd_open(1), 3, 0)"),
            "EPERM");
  EXPECT_EQ(attack("answer = call(" + number(SYS_kcmp) + ", 1, 2, 0, 3, 3)"), "EPERM");
  expect_all_well();
}

TEST_F(HostileEscape, CannotSignalUs) {
  start_hostile();
  const Json found = attack(R"(
answer = [refused(os.kill, 1, number) for number in (2, 6, 9, 11, 15, 17, 19)]
answer.append(refused(os.killpg, 1, 9))
# Whoever else has a number here is not us: the namespace has no others.
answer += [refused(os.kill, pid, 9) for pid in range(3, 300)]
)");
  for (const auto& error : found)
    EXPECT_TRUE(error == "EPERM" || error == "ESRCH") << error;
  expect_all_well();
}

TEST_F(HostileEscape, KillsItselfWhereItKillsEverybody) {
  start_hostile();
  EXPECT_NE(fatal_attack("os.fork(); os.kill(os.getpid(), 9) if not os.kill(-1, 9) else 0")
                .find("signal: killed"),
            std::string::npos);
  expect_all_well();
}

TEST_F(HostileEscape, MountsNothing) {
  start_hostile();
  const Json found = attack(R"(
null, here = None, -100
def by_libc(function, *arguments):
    return "" if function(*arguments) == 0 else errno.errorcode[ctypes.get_errno()]
answer = {
    'tmpfs': by_libc(libc.mount, b'x', b'/tmp', b'tmpfs', 0, null),
    'remount': by_libc(libc.mount, null, b'/', null, 32, null),
    'proc': by_libc(libc.mount, b'proc', b'/tmp', b'proc', 0, null),
    'bind': by_libc(libc.mount, b'/proc', b'/tmp', null, 4096, null),
    'umount': by_libc(libc.umount2, b'/proc/sys', 2),
    'user namespace': by_libc(libc.unshare, 0x10000000),
    'mount namespace': by_libc(libc.unshare, 0x20000),
    'chroot': by_libc(libc.chroot, b'/tmp'),
    'own namespace': by_libc(libc.setns, os.open('/proc/self/ns/mnt', os.O_RDONLY), 0),
    'disk': refused(os.mknod, '/tmp/disk', 0o60600, os.makedev(254, 0)),
    'kernel memory': refused(os.mknod, '/tmp/mem', 0o20600, os.makedev(1, 1)),
    'file': refused(open, '/escape', 'w'),
    'device': refused(os.chmod, '/dev/null', 0),
    'times': refused(os.utime, '/dev/null'),
    'sysctl': refused(open, '/proc/sys/kernel/core_pattern', 'w'),
    'sysrq': refused(open, '/proc/sysrq-trigger', 'w'),
}
)");
  for (const auto& [name, error] : found.items()) {
    EXPECT_TRUE(error == "EPERM" || error == "EACCES" || error == "EROFS" || error == "ENOENT")
        << name << ": " << error;
  }
  for (const long call :
       {SYS_pivot_root,      SYS_open_tree,     SYS_move_mount,        SYS_fsopen,
        SYS_fspick,          SYS_mount_setattr, SYS_open_by_handle_at, SYS_bpf,
        SYS_keyctl,          SYS_add_key,       SYS_io_uring_setup,    SYS_userfaultfd,
        SYS_perf_event_open, SYS_init_module,   SYS_kexec_load,        SYS_reboot,
        SYS_swapon,          SYS_sethostname,   SYS_settimeofday,      SYS_clock_settime,
        SYS_quotactl,        SYS_acct}) {
    EXPECT_EQ(attack("answer = call(" + number(call) + ", 0, 0, 0, 0, 0)"), "EPERM") << call;
  }
  expect_all_well();
}

TEST_F(HostileEscape, HasNoControlGroupsToWriteTo) {
  if (no_groups().empty()) options.limits = LimitsKind::cgroup;
  start_hostile();
  const Json found = attack(R"(
writable = []
for directory, below, files in os.walk('/sys'):
    writable += [directory + '/' + name for name in files
                 if not os.path.islink(directory + '/' + name)
                 and refused(os.open, directory + '/' + name, os.O_WRONLY) == ""]
answer = [writable, refused(os.mkdir, '/sys/fs/cgroup/escape')]
)");
  EXPECT_EQ(found[0], Json::array());
  EXPECT_TRUE(found[1] == "EROFS" || found[1] == "EPERM" || found[1] == "ENOENT") << found[1];
  expect_all_well();
}

TEST_F(HostileEscape, FollowsItsLinksToItsOwnPlace) {
  const std::string outside = directory.write("outside", "of the host");
  start_hostile();
  const Json found = attack("outside = " + Json(outside).dump() + R"(
os.symlink('/', '/tmp/root')
os.symlink(outside, '/tmp/file')
os.symlink('/proc/1/root', '/tmp/init')
os.symlink('/proc/self/root' + '/..' * 20 + outside, '/tmp/up')
answer = [refused(open, path) for path in
          ('/tmp/file', '/tmp/up', '/tmp/root' + outside, '/tmp/init' + outside, outside,
           '/../' * 20 + outside, '/var/task/..' + outside, '/proc/self/cwd/../outside')]
)");
  for (const auto& error : found)
    EXPECT_TRUE(error == "ENOENT" || error == "EACCES") << error;
  EXPECT_EQ(found.size(), 8U);
  expect_all_well();
}

TEST_F(HostileEscape, HoldsNothingThatLeadsOut) {
  start_hostile();
  const Json found = attack(R"(
answer = []
for number in os.listdir('/proc/self/fd'):
    try:
        answer.append(os.readlink('/proc/self/fd/' + number).split(':')[0])
    except FileNotFoundError:
        pass  # of the listing itself
)");
  for (const auto& kind : found) {
    EXPECT_TRUE(kind == "pipe" || kind == "socket" || kind == "/dev/null") << kind;
  }
  EXPECT_GE(found.size(), 4U);
}

// Its stdout is a pipe, which /proc lets it open once more, for reading too, where it is ours.
TEST_F(HostileEscape, PlaysWithItsOwnOutputAlone) {
  start_hostile();
  const Json found = attack(R"(
import fcntl
again = refused(os.open, '/proc/self/fd/1', os.O_RDONLY | os.O_NONBLOCK)
if again == "":
    end = os.open('/proc/self/fd/1', os.O_RDONLY | os.O_NONBLOCK)
    for number in range(200):
        os.write(1, b'stolen?\n')
        refused(os.read, end, 3)
    os.close(end)
fcntl.fcntl(1, fcntl.F_SETPIPE_SZ, 4096)
fcntl.fcntl(1, fcntl.F_SETFL, os.O_NONBLOCK | os.O_APPEND)
answer = [again or "opened", refused(os.read, 1, 1), refused(os.ftruncate, 1, 0), refused(os.lseek, 1, 0, 0)]
)");
  EXPECT_TRUE(found[0] == "EACCES" || found[0] == "opened") << found[0];
  EXPECT_EQ(found[1], "EBADF");
  EXPECT_EQ(found[2], "EINVAL");
  EXPECT_EQ(found[3], "ESPIPE");
  attack("os.write(1, b'\\nheard all the same\\n')");
  EXPECT_TRUE(log.contains("heard all the same"));
  expect_all_well();
}

TEST_F(HostileEscape, CannotAnswerForItsNeighbour) {
  function.timeout_s = 30;
  start_hostile();
  auto neighbour = ask("g", R"(
import time
while not os.path.exists('/var/task/go'):
    time.sleep(0.01)
answer = 'its own'
)");
  ASSERT_TRUE(until([&] { return log.count("START RequestId") == 3; }));
  const std::string line = log.lines_starting("START RequestId: ").back();
  const std::string id = line.substr(std::string("START RequestId: ").size(), 36);
  EXPECT_EQ(attack("id = '" + id + R"('
other = http.client.HTTPConnection(os.environ['AWS_LAMBDA_RUNTIME_API'])
answer = []
for path in (f'invocation/{id}/response', f'invocation/{id}/error', 'init/error'):
    other.request('POST', '/2018-06-01/runtime/' + path, '"stolen"')
    reply = other.getresponse()
    reply.read()
    answer.append(reply.status)
)"),
            Json::parse("[400, 400, 403]"));
  EXPECT_FALSE(neighbour.answered());
  std::ofstream(function.task_root / "go").put('.');
  EXPECT_EQ(neighbour.finish().body, "\"its own\"");
  expect_all_well();
}

TEST_F(HostileEscape, ReachesNoPortOfTheHost) {
  start_hostile();
  const Json found = attack("port = " + std::to_string(port()) + R"(
import socket
def reach(address):
    link = socket.socket()
    link.settimeout(1)
    link.connect((address, port))
answer = []
for address in ('127.0.0.1', '169.254.100.1', '0.0.0.0', '10.0.2.2'):
    try:
        reach(address)
        answer.append(address)
    except OSError:
        pass
)");
  EXPECT_EQ(found, Json::array());
  expect_all_well();
}

TEST_F(HostileEscape, SharesNoNamesWithItsNeighbour) {
  start_hostile();
  const std::string name = "coldframe-" + own_run_name();
  EXPECT_EQ(attack("name = '\\0" + name + R"('
import socket
door = socket.socket(socket.AF_UNIX)
door.bind(name)
door.listen()
memory = libc.shmget(0x436f6c64, 4096, 0o1666)
queue = libc.msgget(0x436f6c64, 0o1666)
posix = ctypes.CDLL('librt.so.1').mq_open(b'/coldframe', os.O_CREAT | os.O_RDWR, 0o666, None)
os.mknod('/tmp/mine', 0o666)
answer = [memory >= 0, queue >= 0, posix >= 0]
)"),
            Json::parse("[true, true, true]"));
  EXPECT_EQ(told_by("g", "name = '\\0" + name + R"('
import socket
answer = [refused(socket.socket(socket.AF_UNIX).connect, name),
          libc.shmget(0x436f6c64, 4096, 0o666), libc.msgget(0x436f6c64, 0o666),
          ctypes.CDLL('librt.so.1').mq_open(b'/coldframe', os.O_RDWR), os.listdir('/tmp')]
)"),
            Json::parse(R"(["ECONNREFUSED", -1, -1, -1, []])"));
  expect_all_well();
}

TEST_F(HostileEscape, GainsNothingFromASetUidProgram) {
  start_hostile();
  const Json found = attack(R"(
with open('/proc/self/status') as file:
    answer = {line.split(':')[0]: line.split()[1:] for line in file}
answer = [refused(os.setuid, 0), refused(os.setgroups, [0]), answer['NoNewPrivs'],
          answer['CapPrm'], answer['CapBnd'], answer['Seccomp'],
          [line.split()[4] for line in open('/proc/self/mountinfo')
           if 'nosuid' not in line.split()[5]]]
)");
  EXPECT_EQ(found, Json::parse(R"(["EPERM", "EPERM", ["1"], ["0000000000000000"],
                                   ["0000000000000000"], ["2"], []])"));
  expect_all_well();
}

}  // namespace
}  // namespace coldframe::testing
