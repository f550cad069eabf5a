#include "emulator/image/byte_source.hpp"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace coldframe {
namespace {

Error cannot_read(const std::string& name) {
  return host_error("cannot read '" + name + "': " + std::strerror(errno));
}

}  // namespace

RangeSource::RangeSource(std::shared_ptr<const UniqueFd> file, std::int64_t offset,
                         std::int64_t size, std::string name)
    : file_(std::move(file)), offset_(offset), left_(size), name_(std::move(name)) {}

Result<std::size_t> RangeSource::read(std::span<char> room) {
  const auto wanted = std::min<std::int64_t>(left_, static_cast<std::int64_t>(room.size()));
  if (wanted == 0) return std::size_t{0};
  ssize_t got = 0;
  do {
    got = ::pread(file_->get(), room.data(), static_cast<std::size_t>(wanted), offset_);
  } while (got < 0 && errno == EINTR);
  if (got < 0) return cannot_read(name_);
  if (got == 0) {
    return usage_error("'" + name_ + "' is cut off: " + std::to_string(left_) +
                       " bytes of it are missing");
  }
  offset_ += got;
  left_ -= got;
  return static_cast<std::size_t>(got);
}

StreamSource::StreamSource(std::shared_ptr<const UniqueFd> file, std::string name)
    : file_(std::move(file)), name_(std::move(name)) {}

Result<std::size_t> StreamSource::read(std::span<char> room) {
  ssize_t got = 0;
  do {
    got = ::read(file_->get(), room.data(), room.size());
  } while (got < 0 && errno == EINTR);
  if (got < 0) return cannot_read(name_);
  return static_cast<std::size_t>(got);
}

Result<std::size_t> read_fully(ByteSource& source, std::span<char> room) {
  std::size_t filled = 0;
  while (filled < room.size()) {
    auto got = source.read(room.subspan(filled));
    if (!got) return got;
    if (*got == 0) break;
    filled += *got;
  }
  return filled;
}

Result<std::string> read_all(ByteSource& source, std::size_t most, const std::string& what) {
  constexpr std::size_t k_step = 64 * 1024;
  std::string text;
  for (;;) {
    const std::size_t before = text.size();
    text.resize(before + std::min(k_step, most + 1 - before));
    auto got = read_fully(source, std::span(text).subspan(before));
    if (!got) return got.error();
    text.resize(before + *got);
    if (text.size() > most) {
      return usage_error(what + " has more than " + std::to_string(most) + " bytes");
    }
    if (*got == 0) return text;
  }
}

}  // namespace coldframe
