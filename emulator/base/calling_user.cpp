#include "emulator/base/calling_user.hpp"

#include <unistd.h>

#include <charconv>
#include <cstdlib>
#include <cstring>
#include <limits>

namespace coldframe {
namespace {

// Ids as the kernel takes them; its highest is "no change".
std::optional<unsigned> parse_id(const char* text) {
  if (text == nullptr) return std::nullopt;
  unsigned value = 0;
  const char* end = text + std::strlen(text);
  const auto [at, error] = std::from_chars(text, end, value);
  if (error != std::errc() || at != end || value == std::numeric_limits<unsigned>::max()) {
    return std::nullopt;
  }
  return value;
}

}  // namespace

std::optional<CallingUser> calling_user(uid_t self, const char* sudo_uid, const char* sudo_gid) {
  if (self != 0) return std::nullopt;
  const auto uid = parse_id(sudo_uid);
  const auto gid = parse_id(sudo_gid);
  if (!uid || !gid || *uid == 0) return std::nullopt;
  return CallingUser{*uid, *gid};
}

std::optional<CallingUser> calling_user() {
  return calling_user(::geteuid(), std::getenv("SUDO_UID"), std::getenv("SUDO_GID"));
}

void give_to_calling_user(int fd) {
  const auto user = calling_user();
  if (!user) return;
  [[maybe_unused]] const int failed = ::fchown(fd, user->uid, user->gid);
}

}  // namespace coldframe
