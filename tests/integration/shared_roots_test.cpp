// The roots that sandboxes begin with: made once, and anew when what they show has changed.
#include "emulator/sandbox/shared_roots.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>

#include "emulator/sandbox/own_mounts.hpp"
#include "emulator/sandbox/tmp_disk.hpp"
#include "tests/support/processes.hpp"
#include "tests/support/sandbox_fixture.hpp"
#include "tests/support/temp_dir.hpp"

namespace coldframe::testing {
namespace {

namespace fs = std::filesystem;

class SharedRootsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (::geteuid() != 0) GTEST_SKIP() << "needs root";
    for (const char* folder : {"/etc", "/task", "/data"})
      fs::create_directory(directory.path() + folder);
    directory.write("task/which", "first");
    plan.mounts = {{directory.path() + "/etc", "/etc"}, {directory.path() + "/data", "/data"}};
    plan.task_root = directory.path() + "/task";
    // What others mount on this host meanwhile is not of these tests.
    alone([&] { return 0; });
  }
  // In a child that is alone with its mounts; what is not 0 is a failure.
  static void alone(const std::function<int()>& work) {
    const int outcome = in_child([&] {
      if (::unshare(CLONE_NEWNS) != 0) return k_no_namespaces;
      if (::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 && errno != EINVAL) {
        return k_no_namespaces;
      }
      return work();
    });
    if (outcome == k_no_namespaces) GTEST_SKIP() << "needs mount namespaces";
    EXPECT_EQ(outcome, 0);
  }
  static ino_t identity(int fd) {
    struct stat info {};
    return ::fstat(fd, &info) == 0 ? info.st_ino : 0;
  }
  // Of the root that it gives; 0: it gives none.
  ino_t of(SharedRoots& roots, const GeneratedFacts& facts = {}) {
    const auto root = roots.of(plan, facts, files, -1);
    return root ? identity(root->name_space) : 0;
  }
  // Whether the root is built anew after this.
  static bool changes(SharedRoots& roots, SharedRootsTest& test,
                      const std::function<bool()>& change) {
    const ino_t before = test.of(roots);
    if (before == 0 || test.of(roots) != before) return false;
    // The old one is still open in the list, so a new one has another number.
    const UniqueFd kept(
        ::fcntl(roots.of(test.plan, {}, test.files, -1)->name_space, F_DUPFD_CLOEXEC, 3));
    if (!change()) return false;
    const ino_t after = test.of(roots);
    return after != 0 && after != before && test.of(roots) == after;
  }
  TempDir directory;
  SandboxPlan plan;
  std::vector<GeneratedFile> files{{"/proc/cpuinfo", "processor : 0\n"}, {"/etc/passwd", "me\n"}};
};

TEST_F(SharedRootsTest, AreMadeOnce) {
  alone([&] {
    SharedRoots roots(false);
    const int descriptors = open_descriptors();
    const ino_t first = of(roots);
    if (first == 0 || of(roots) != first) return 1;
    return open_descriptors() == descriptors + 2 ? 0 : 2;
  });
}

TEST_F(SharedRootsTest, LeaveTheCallerWhereItIs) {
  alone([&] {
    const UniqueFd before(::open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC));
    const fs::path here = fs::current_path();
    SharedRoots roots(false);
    if (of(roots) == 0) return 1;
    const UniqueFd after(::open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC));
    return identity(before.get()) == identity(after.get()) && fs::current_path() == here ? 0 : 2;
  });
}

TEST_F(SharedRootsTest, AreOthersForOtherFacts) {
  alone([&] {
    SharedRoots roots(false);
    const ino_t small = of(roots, {.memory_mb = 128, .vcpus = 2, .resolv_conf = ""});
    const ino_t large = of(roots, {.memory_mb = 512, .vcpus = 2, .resolv_conf = ""});
    if (small == large) return 1;
    return of(roots, {.memory_mb = 128, .vcpus = 2, .resolv_conf = ""}) == small ? 0 : 2;
  });
}

TEST_F(SharedRootsTest, AreMadeAnewForADirectoryThatReplacesAnother) {
  alone([&] {
    SharedRoots roots(false);
    return changes(roots, *this,
                   [&] {
                     fs::rename(plan.task_root, directory.path() + "/old");
                     return fs::create_directory(plan.task_root);
                   })
               ? 0
               : 1;
  });
}

TEST_F(SharedRootsTest, AreMadeAnewForOtherRights) {
  alone([&] {
    SharedRoots roots(false);
    return changes(roots, *this, [&] { return ::chmod(plan.task_root.c_str(), 0700) == 0; }) ? 0
                                                                                             : 1;
  });
}

TEST_F(SharedRootsTest, AreMadeAnewWhenAFileOfEtcWasReplaced) {
  directory.write("etc/passwd", "them\n");
  alone([&] {
    SharedRoots roots(false);
    return changes(roots, *this,
                   [&] {
                     directory.write("etc/passwd.new", "others\n");
                     fs::rename(directory.path() + "/etc/passwd.new",
                                directory.path() + "/etc/passwd");
                     return true;
                   })
               ? 0
               : 1;
  });
}

TEST_F(SharedRootsTest, AreMadeAnewWhenAFileBehindALinkWasReplaced) {
  fs::create_directory(directory.path() + "/etc/ppp");
  directory.write("etc/ppp/passwd", "them\n");
  fs::create_symlink("ppp/passwd", directory.path() + "/etc/passwd");
  alone([&] {
    SharedRoots roots(false);
    return changes(roots, *this,
                   [&] {
                     directory.write("etc/ppp/passwd.new", "others\n");
                     fs::rename(directory.path() + "/etc/ppp/passwd.new",
                                directory.path() + "/etc/ppp/passwd");
                     return true;
                   })
               ? 0
               : 1;
  });
}

TEST_F(SharedRootsTest, DoNotKeepInUseWhatTheHostHasUnmounted) {
  alone([&] {
    const std::string place = directory.path() + "/data";
    if (::mount("none", place.c_str(), "tmpfs", 0, nullptr) != 0) return 1;
    SharedRoots roots(false);
    if (of(roots) == 0) return 2;
    pollfd table{roots.mount_table(), POLLPRI, 0};
    if (::poll(&table, 1, 0) != 0) return 3;
    const int descriptors = open_descriptors();
    if (::umount(place.c_str()) != 0) return 4;
    if (::poll(&table, 1, 10'000) != 1) return 5;
    roots.let_go();
    return open_descriptors() == descriptors - 2 ? 0 : 6;
  });
}

#ifndef __SANITIZE_THREAD__  // its own thread keeps a process from entering namespaces
// Not even where all mounts are shared, as in a chroot, and who is there is root of a user
// namespace.
TEST_F(SharedRootsTest, LetNothingOfASandboxOut) {
  const int outcome = in_user_namespace([&] {
    const auto mounts = [] {
      std::ifstream table("/proc/self/mountinfo");
      return std::count(std::istreambuf_iterator<char>(table), {}, '\n');
    };
    if (::mount("none", "/", nullptr, MS_REC | MS_SHARED, nullptr) != 0) return 1;
    SandboxPlan bare;
    bare.task_root = "/usr";
    SharedRoots roots(true);
    if (!roots.have_sys()) return 2;
    const auto root = roots.of(bare, {}, {}, -1);
    if (!root) return 3;
    const auto before = mounts();
    const int inside = in_child([&] {
      if (::unshare(CLONE_NEWPID) != 0) return 50;
      return in_child([&] {
        const auto disk = TmpDisk::create_tmpfs(1, "a test");
        if (::setns(root->name_space, CLONE_NEWNS) != 0 || ::unshare(CLONE_NEWNS) != 0) return 51;
        return mount_own({}, disk->mount_fd(), true) ? 0 : 52;
      });
    });
    if (inside != 0) return inside;
    return mounts() == before ? 0 : 4;
  });
  if (outcome == k_no_namespaces) GTEST_SKIP() << "needs user namespaces";
  EXPECT_EQ(outcome, 0);
}
#endif

TEST_F(SharedRootsTest, StayWhenAFileOfTheFunctionComes) {
  alone([&] {
    SharedRoots roots(false);
    const ino_t before = of(roots);
    directory.write("task/new", "x");
    return of(roots) == before ? 0 : 1;
  });
}

TEST_F(SharedRootsTest, AreMadeAnewWhenSomethingIsMounted) {
  alone([&] {
    SharedRoots roots(false);
    const std::string place = directory.path() + "/data";
    if (!changes(roots, *this,
                 [&] { return ::mount("none", place.c_str(), "tmpfs", 0, nullptr) == 0; })) {
      return 1;
    }
    return changes(roots, *this, [&] { return ::umount(place.c_str()) == 0; }) ? 0 : 2;
  });
}

TEST_F(SharedRootsTest, AreNotKeptWithoutEnd) {
  alone([&] {
    SharedRoots roots(false);
    const int descriptors = open_descriptors();
    for (int memory = 128; memory < 228; ++memory)
      if (of(roots, {.memory_mb = memory, .vcpus = 2, .resolv_conf = ""}) == 0) return 1;
    return open_descriptors() <= descriptors + 2 * 16 ? 0 : 2;
  });
}

TEST_F(SharedRootsTest, NameTheStepThatFails) {
  plan.task_root = directory.path() + "/nowhere";
  alone([&] {
    SharedRoots roots(false);
    const auto root = roots.of(plan, {}, files, -1);
    const std::string wanted =
        "the sandbox cannot be set up: look at '" + plan.task_root + "': No such file or directory";
    return !root && root.error().message == wanted ? 0 : 1;
  });
}

#ifndef __SANITIZE_THREAD__  // its own thread keeps a process from entering namespaces
// Also where our root is not that of the mount namespace: who enters gets the latter.
TEST_F(SharedRootsTest, AreWhatOneEntersFromAChrootToo) {
  for (const bool is_mount : {false, true}) {
    alone([&] {
      const std::string jail = directory.path() + (is_mount ? "/mounted" : "/plain");
      fs::create_directory(jail);
      if (is_mount && ::mount("none", jail.c_str(), "tmpfs", 0, nullptr) != 0) return 1;
      for (const char* name : {"/proc", "/task"}) {
        const std::string from = name == std::string("/task") ? plan.task_root : name;
        fs::create_directory(jail + name);
        if (::mount(from.c_str(), (jail + name).c_str(), nullptr, MS_BIND, nullptr) != 0) return 2;
      }
      fs::create_directory(jail + "/tmp");
      if (::chroot(jail.c_str()) != 0 || ::chdir("/") != 0) return 3;
      SandboxPlan bare;
      bare.task_root = "/task";
      SharedRoots roots(false);
      const auto root = roots.of(bare, {}, {}, -1);
      if (!root) return 4;
      return in_child([&] {
        if (::setns(root->name_space, CLONE_NEWNS) != 0 || ::unshare(CLONE_NEWNS) != 0) return 5;
        struct stat here {};
        if (::stat("/", &here) != 0 || here.st_dev != root->device || here.st_ino != root->inode) {
          return 6;
        }
        return ::access("/var/task/which", F_OK) == 0 && ::access("/root", F_OK) != 0 ? 0 : 7;
      });
    });
  }
}

// As the init of a sandbox does.
TEST_F(SharedRootsTest, AreAPlaceForASandboxOfItsOwn) {
  directory.write("etc/passwd", "them\n");
  plan.mounts.push_back({directory.path() + "/data", "/tmp/below/data"});
  directory.write("data/file", "seen");
  const auto reads = [](const char* path, const std::string& text) {
    const UniqueFd file(::open(path, O_RDONLY | O_CLOEXEC));
    char buffer[64];
    const ssize_t got = ::read(file.get(), buffer, sizeof buffer);
    return got >= 0 && std::string(buffer, static_cast<std::size_t>(got)) == text;
  };
  alone([&] {
    SharedRoots roots(false);
    const auto root = roots.of(plan, {}, files, -1);
    if (!root) return 1;
    const auto inside = [&](const std::function<int()>& look) {
      return in_child([&] {
        if (::unshare(CLONE_NEWPID) != 0) return 50;
        return in_child([&] {
          const auto disk = TmpDisk::create_tmpfs(1, "a test");
          if (::setns(root->name_space, CLONE_NEWNS) != 0 || ::unshare(CLONE_NEWNS) != 0) return 51;
          if (!mount_own(own_places(plan, files), disk->mount_fd(), roots.have_sys())) return 52;
          return look();
        });
      });
    };
    const int first = inside([&] {
      if (!reads("/var/task/which", "first") || !reads("/etc/passwd", "me\n")) return 2;
      if (!reads("/proc/cpuinfo", "processor : 0\n") || !reads("/tmp/below/data/file", "seen")) {
        return 3;
      }
      if (::access("/proc/1/stat", F_OK) != 0 || ::access("/sys/class", F_OK) != 0) return 4;
      if (::access("/tmp/0", F_OK) == 0) return 5;  // where it took them from is hidden
      if (::open("/etc/new", O_WRONLY | O_CREAT, 0600) >= 0 || errno != EROFS) return 6;
      return ::mkdir("/tmp/mine", 0700) == 0 ? 0 : 7;
    });
    if (first != 0) return first;
    // Another one has none of that.
    return inside([&] { return ::access("/tmp/mine", F_OK) == 0 ? 8 : 0; });
  });
}
#endif

}  // namespace
}  // namespace coldframe::testing
