#include "emulator/sandbox/denied_call.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>

#include <algorithm>
#include <cstring>

#include "emulator/sandbox/net_namespace.hpp"

namespace coldframe {
namespace {

bool is_below(std::string_view path, std::string_view directory) {
  return path.starts_with(directory) &&
         (path.size() == directory.size() || path[directory.size()] == '/');
}

// Python does without if it cannot keep its byte code.
bool is_byte_code(std::string_view path) {
  constexpr std::string_view name = "/__pycache__";
  const std::size_t at = path.rfind(name);
  return at != std::string_view::npos &&
         (at + name.size() == path.size() || path[at + name.size()] == '/');
}

bool would_open_for_change(const PathCall& call) {
  if ((call.open_flags & O_PATH) != 0) return false;
  constexpr std::uint64_t only_new = O_CREAT | O_EXCL;
  if (call.exists && (call.open_flags & only_new) == only_new) return false;
  constexpr std::uint64_t changes = O_WRONLY | O_RDWR | O_TRUNC;
  return (call.open_flags & (call.exists ? changes : std::uint64_t{O_CREAT})) != 0;
}

}  // namespace

bool is_own_file(std::string_view path) {
  return is_below(path, "/var/task") || is_below(path, "/opt");
}

std::optional<DeniedKind> classify(const PathCall& call) {
  if (is_below(call.path, "/dev/shm")) return DeniedKind::shared_memory;
  // Devices and the kernel's own files are as on Lambda.
  for (const std::string_view free : {"/tmp", "/dev", "/proc"}) {
    if (is_below(call.path, free)) return std::nullopt;
  }
  if (is_byte_code(call.path)) return std::nullopt;
  const auto of_existing = [&](DeniedKind kind) {
    return call.exists ? std::optional<DeniedKind>(kind) : std::nullopt;
  };
  const auto of_new = [&](DeniedKind kind) {
    return call.exists ? std::nullopt : std::optional<DeniedKind>(kind);
  };
  switch (call.call) {
    case TracedCall::open:
      if (would_open_for_change(call)) return DeniedKind::write;
      if (call.readable || (call.open_flags & O_PATH) != 0 || !is_own_file(call.path)) break;
      return of_existing(DeniedKind::read);
    case TracedCall::make_directory:
      return of_new(DeniedKind::make_directory);
    case TracedCall::make:
      return of_new(DeniedKind::make);
    case TracedCall::rename:
      return of_existing(DeniedKind::rename);
    case TracedCall::remove:
      return of_existing(DeniedKind::remove);
    case TracedCall::change:
      return of_existing(DeniedKind::change);
  }
  return std::nullopt;
}

std::string absolute_path(std::string_view base, std::string_view path) {
  std::string all;
  if (!path.starts_with('/')) all.append(base).append("/");
  all.append(path);
  std::vector<std::string_view> parts;
  for (std::size_t at = 0; at < all.size();) {
    const std::size_t end = std::min(all.find('/', at), all.size());
    const auto part = std::string_view(all).substr(at, end - at);
    at = end + 1;
    if (part == "..") {
      if (!parts.empty()) parts.pop_back();
    } else if (!part.empty() && part != ".") {
      parts.push_back(part);
    }
  }
  std::string result;
  for (const auto part : parts)
    result.append("/").append(part);
  return result.empty() ? "/" : result;
}

std::optional<std::string> outward_address(std::span<const std::byte> address) {
  sa_family_t family = AF_UNSPEC;
  if (address.size() < sizeof family) return std::nullopt;
  std::memcpy(&family, address.data(), sizeof family);
  char text[INET6_ADDRSTRLEN];
  if (family == AF_INET && address.size() >= sizeof(sockaddr_in)) {
    sockaddr_in name{};
    std::memcpy(&name, address.data(), sizeof name);
    const std::string host = ::inet_ntop(AF_INET, &name.sin_addr, text, sizeof text);
    const auto value = ntohl(name.sin_addr.s_addr);
    if (value >> 24 == 127 || value == INADDR_ANY || host == k_runtime_api_address) {
      return std::nullopt;
    }
    return host + ":" + std::to_string(ntohs(name.sin_port));
  }
  // Without the scope at its end it is one as well.
  if (family == AF_INET6 && address.size() >= offsetof(sockaddr_in6, sin6_scope_id)) {
    sockaddr_in6 name{};
    std::memcpy(&name, address.data(), std::min(sizeof name, address.size()));
    const in6_addr& to = name.sin6_addr;
    if (IN6_IS_ADDR_LOOPBACK(&to) || IN6_IS_ADDR_UNSPECIFIED(&to)) return std::nullopt;
    if (IN6_IS_ADDR_V4MAPPED(&to) && to.s6_addr[12] == 127) return std::nullopt;
    ::inet_ntop(AF_INET6, &to, text, sizeof text);
    return "[" + std::string(text) + "]:" + std::to_string(ntohs(name.sin6_port));
  }
  return std::nullopt;
}

std::string describe(const DeniedCall& call) {
  switch (call.kind) {
    case DeniedKind::write:
      return "writes " + call.target;
    case DeniedKind::make_directory:
      return "makes the directory " + call.target;
    case DeniedKind::make:
      return "makes " + call.target;
    case DeniedKind::rename:
      return "renames " + call.target;
    case DeniedKind::remove:
      return "removes " + call.target;
    case DeniedKind::change:
      return "changes " + call.target;
    case DeniedKind::read:
      return "reads " + call.target;
    case DeniedKind::shared_memory:
      return "uses shared memory " + call.target;
    case DeniedKind::connect:
      break;
  }
  return "connects to " + call.target;
}

void DeniedCalls::add(DeniedCall call) {
  if (std::find(calls_.begin(), calls_.end(), call) != calls_.end()) return;
  if (calls_.size() == k_most) {
    ++more_;
  } else {
    calls_.push_back(std::move(call));
  }
}

}  // namespace coldframe
