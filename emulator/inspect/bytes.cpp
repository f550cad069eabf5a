#include "emulator/inspect/bytes.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

namespace coldframe::inspect {

std::string Bytes::piece(std::uint64_t offset, std::size_t count) const {
  if (offset > size() || count > size() - offset) return "";
  std::string out(count, '\0');
  if (read(offset, out) != count) out.clear();
  return out;
}

std::string Bytes::text(std::uint64_t offset, std::size_t most) const {
  constexpr std::size_t k_step = 64;
  std::string out;
  while (out.size() < most) {
    std::array<char, k_step> step{};
    const std::size_t got = read(offset + out.size(), step);
    const auto* end = static_cast<const char*>(std::memchr(step.data(), 0, got));
    if (end != nullptr) {
      out.append(step.data(), static_cast<std::size_t>(end - step.data()));
      return out.size() <= most ? out : "";
    }
    if (got < k_step) return "";
    out.append(step.data(), got);
  }
  return "";
}

std::size_t MemoryBytes::read(std::uint64_t offset, std::span<char> room) const {
  if (offset >= bytes_.size()) return 0;
  const std::size_t count = std::min<std::size_t>(room.size(), bytes_.size() - offset);
  std::memcpy(room.data(), bytes_.data() + offset, count);
  return count;
}

std::unique_ptr<FileBytes> FileBytes::open(const std::string& host_path) {
  UniqueFd file(::open(host_path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  struct stat info {};
  if (!file || ::fstat(file.get(), &info) != 0 || !S_ISREG(info.st_mode)) return nullptr;
  return std::unique_ptr<FileBytes>(
      new FileBytes(std::move(file), static_cast<std::uint64_t>(info.st_size)));
}

const FileBytes::Block& FileBytes::block(std::uint64_t number) const {
  for (const Block& known : blocks_) {
    if (known.number == number) return known;
  }
  Block& room = blocks_[oldest_];
  oldest_ = (oldest_ + 1) % blocks_.size();
  room.number = number;
  room.bytes.resize(k_block_bytes);
  const ssize_t got = ::pread(file_.get(), room.bytes.data(), room.bytes.size(),
                              static_cast<off_t>(number * k_block_bytes));
  room.bytes.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
  return room;
}

std::size_t FileBytes::read(std::uint64_t offset, std::span<char> room) const {
  std::size_t done = 0;
  while (done < room.size() && offset < size_) {
    const Block& from = block(offset / k_block_bytes);
    const std::size_t at = offset % k_block_bytes;
    if (at >= from.bytes.size()) break;
    const std::size_t count = std::min(room.size() - done, from.bytes.size() - at);
    std::memcpy(room.data() + done, from.bytes.data() + at, count);
    done += count;
    offset += count;
  }
  return done;
}

}  // namespace coldframe::inspect
