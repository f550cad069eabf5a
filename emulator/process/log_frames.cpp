#include "emulator/process/log_frames.hpp"

#include <optional>

namespace coldframe {
namespace {

std::uint32_t big_endian(std::string_view bytes) {
  std::uint32_t value = 0;
  for (int i = 0; i < 4; ++i)
    value = value << 8 | static_cast<unsigned char>(bytes[i]);
  return value;
}

struct FrameHead {
  LogLevel level;
  bool json;
  std::size_t size;
};

std::optional<FrameHead> frame_head(std::uint32_t type) {
  if ((type & 0xFFFFFFE0U) != 0xA55A0000U) return std::nullopt;
  const std::uint32_t level = (type >> 2) & 0x7U;
  if (level > 6) return std::nullopt;
  return FrameHead{static_cast<LogLevel>(level), (type & 1U) == 0, (type & 2U) != 0 ? 16U : 8U};
}

}  // namespace

void LineSplitter::feed(std::string_view bytes, const Emit& emit) {
  while (!bytes.empty()) {
    const auto end = bytes.find('\n');
    if (end == std::string_view::npos) {
      partial_ += bytes;
      if (partial_.size() >= k_longest_line) finish(emit);
      return;
    }
    if (partial_.empty()) {
      emit({LogLevel::undefined, false, bytes.substr(0, end)});
    } else {
      partial_ += bytes.substr(0, end);
      emit({LogLevel::undefined, false, partial_});
      partial_.clear();
    }
    bytes.remove_prefix(end + 1);
  }
}

void LineSplitter::finish(const Emit& emit) {
  if (partial_.empty()) return;
  emit({LogLevel::undefined, false, partial_});
  partial_.clear();
}

namespace {

// Where in `text` a frame may begin: at the magic bytes, or at a beginning of them at the very end.
std::size_t find_magic(std::string_view text) {
  constexpr std::string_view magic("\xA5\x5A\x00", 3);
  for (std::size_t at = 0; at < text.size(); ++at) {
    const auto rest = text.substr(at, magic.size());
    if (rest == magic.substr(0, rest.size())) return at;
  }
  return text.size();
}

}  // namespace

void FrameSplitter::feed(std::string_view bytes, const Emit& emit) {
  buffer_ += bytes;
  std::size_t at = 0;
  while (at < buffer_.size()) {
    const std::string_view rest = std::string_view(buffer_).substr(at);
    std::size_t stray = find_magic(rest);
    if (stray == 0 && rest.size() < 8) break;
    if (stray == 0) {
      const auto head = frame_head(big_endian(rest));
      const std::size_t length = big_endian(rest.substr(4));
      if (head && length <= k_longest_frame) {
        if (rest.size() < head->size + length) break;
        stray_.finish(emit);
        emit({head->level, head->json, rest.substr(head->size, length)});
        at += head->size + length;
        continue;
      }
      stray = 1 + find_magic(rest.substr(1));  // the magic by chance
    }
    stray_.feed(rest.substr(0, stray), emit);
    at += stray;
  }
  buffer_.erase(0, at);
}

void FrameSplitter::finish(const Emit& emit) {
  if (!buffer_.empty()) stray_.feed(buffer_, emit);
  buffer_.clear();
  stray_.finish(emit);
}

}  // namespace coldframe
