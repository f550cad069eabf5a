#include "emulator/cli/ready_file.hpp"

#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <memory>

#include "emulator/base/calling_user.hpp"
#include "emulator/base/first_line.hpp"
#include "emulator/base/unique_fd.hpp"

namespace coldframe::cli {
namespace {

bool accepts(const addrinfo& address) {
  UniqueFd socket(::socket(address.ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!socket) return false;
  if (::connect(socket.get(), address.ai_addr, address.ai_addrlen) == 0) return true;
  if (errno != EINPROGRESS) return false;
  pollfd wait{socket.get(), POLLOUT, 0};
  int error = 0;
  socklen_t size = sizeof error;
  return ::poll(&wait, 1, 500) == 1 &&
         ::getsockopt(socket.get(), SOL_SOCKET, SO_ERROR, &error, &size) == 0 && error == 0;
}

// Whether something accepts connections at http://HOST:PORT.
bool accepts(std::string url) {
  constexpr std::string_view scheme = "http://";
  const std::size_t colon = url.rfind(':');
  if (!url.starts_with(scheme) || colon < scheme.size()) return false;
  const std::string port = url.substr(colon + 1);
  std::string host = url.substr(scheme.size(), colon - scheme.size());
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  addrinfo hints{};
  hints.ai_flags = AI_NUMERICSERV;
  if (host != "localhost") hints.ai_flags |= AI_NUMERICHOST;  // a server has no other names
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (::getaddrinfo(host.c_str(), port.c_str(), &hints, &found) != 0) return false;
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> addresses(found, ::freeaddrinfo);
  for (const addrinfo* one = addresses.get(); one != nullptr; one = one->ai_next) {
    if (accepts(*one)) return true;
  }
  return false;
}

}  // namespace

Result<void> ReadyFile::prepare() {
  if (path_.empty()) return {};
  const auto directory = std::filesystem::absolute(path_).parent_path();
  std::error_code ignored;
  if (!std::filesystem::is_directory(directory, ignored) ||
      std::filesystem::is_directory(path_, ignored) || ::access(directory.c_str(), W_OK) != 0) {
    return usage_error("--ready-file '" + path_ +
                       "' cannot be written; its directory must exist and be writable");
  }
  if (!accepts(first_line(path_))) ::unlink(path_.c_str());  // it would lie
  return {};
}

std::vector<std::filesystem::path> ReadyFile::paths() const {
  if (path_.empty()) return {};
  return {path_, part()};
}

Result<void> ReadyFile::write(const std::string& url) {
  if (path_.empty()) return {};
  const std::string part = this->part();
  ::unlink(part.c_str());  // of a run that was killed; what is given away must be new
  UniqueFd file(::open(part.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644));
  if (file) give_to_calling_user(file.get());
  const std::string text = url + "\n";
  if (!file || ::write(file.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size()) ||
      ::rename(part.c_str(), path_.c_str()) != 0) {
    const std::string why = std::strerror(errno);
    ::unlink(part.c_str());
    return host_error("cannot write ready file '" + path_ + "': " + why);
  }
  written_ = url;
  return {};
}

void ReadyFile::remove() {
  if (!written_.empty() && first_line(path_) == written_) ::unlink(path_.c_str());
  written_.clear();
}

}  // namespace coldframe::cli
