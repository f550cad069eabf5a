// Which calls of a function that runs on the host would fail on Lambda.
//
//   classify({TracedCall::open, O_WRONLY | O_CREAT, false, "/var/task/cache.db"})
//     // DeniedKind::write: the file system is read-only but for /tmp
//   classify({TracedCall::open, O_RDWR | O_CREAT, false, "/dev/shm/sem.x"})
//     // DeniedKind::shared_memory: there is no /dev/shm
//   classify({TracedCall::open, O_RDONLY, true, "/var/task/key.pem", false})
//     // DeniedKind::read: the function's own file, which its user may not read
//
// What fails there without harm is left out: the byte code that Python would like to keep, and what
// fails in the same way here (a mkdir of what exists, an unlink of what does not). Pure; any
// thread.
#pragma once

#include <sys/socket.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace coldframe {

enum class DeniedKind : std::uint8_t {
  write,
  make_directory,
  make,    // a link, a node
  rename,  // from
  remove,
  change,  // its size or mode
  read,
  shared_memory,
  connect
};

enum class TracedCall : std::uint8_t { open, make_directory, make, rename, remove, change };

struct PathCall {
  TracedCall call;
  std::uint64_t open_flags;  // O_…; of open only
  bool exists;               // the file or directory, already
  std::string path;          // absolute, see absolute_path()
  bool readable = true;      // by the function's user, as far as modes tell; of open only
};

// Whether it is of the function: code, data, layers.
bool is_own_file(std::string_view path);

std::optional<DeniedKind> classify(const PathCall& call);

// "a/../b" below "/var/task" → "/var/task/b". By its text: links are not followed.
std::string absolute_path(std::string_view base, std::string_view path);

// "93.184.216.34:443", "[2001:db8::1]:53" of a socket address; nothing for local sockets and
// loopback, and the Runtime API's address, or if it is cut short.
std::optional<std::string> outward_address(std::span<const std::byte> address);

struct DeniedCall {
  DeniedKind kind;
  std::string target;  // a path, or an address with its port
  bool operator==(const DeniedCall&) const = default;
};

// "writes /var/task/cache.db", "removes /var/task/old", "reads /var/task/key.pem", "makes the
// directory /home/sbx", "uses shared memory /dev/shm/sem.x", "connects to 93.184.216.34:443"
std::string describe(const DeniedCall& call);

// Different calls in the order in which they were first made.
class DeniedCalls {
 public:
  static constexpr std::size_t k_most = 200;
  void add(DeniedCall call);
  const std::vector<DeniedCall>& calls() const { return calls_; }
  // Calls beyond k_most, which may be repetitions.
  std::size_t more() const { return more_; }

 private:
  std::vector<DeniedCall> calls_;
  std::size_t more_ = 0;
};

}  // namespace coldframe
