#include "emulator/cgroup/kept_file.hpp"

#include <unistd.h>

#include <cerrno>

namespace coldframe {

bool KeptFile::open() const {
  if (!file_) file_.reset(::open(path_.c_str(), mode_ | O_CLOEXEC));
  return bool(file_);
}

std::optional<std::string> KeptFile::text() const {
  if (!open()) return std::nullopt;
  std::string text;
  char buffer[4096];
  for (;;) {
    const ssize_t got =
        ::pread(file_.get(), buffer, sizeof buffer, static_cast<off_t>(text.size()));
    if (got < 0) return std::nullopt;
    text.append(buffer, static_cast<std::size_t>(got));
    // The kernel gives whole lines, as many as it has room for: it would have had room for more.
    if (static_cast<std::size_t>(got) < sizeof buffer / 2) return text;
  }
}

int KeptFile::write(std::string_view text) const {
  if (!open()) return errno;
  ssize_t written = 0;
  do {
    written = ::pwrite(file_.get(), text.data(), text.size(), 0);
  } while (written < 0 && errno == EINTR);
  if (written < 0) return errno;
  return static_cast<std::size_t>(written) == text.size() ? 0 : EIO;
}

}  // namespace coldframe
