#include "emulator/process/log_frames.hpp"

#include <optional>

namespace coldframe {
namespace {

std::uint32_t big_endian(std::string_view bytes) {
  std::uint32_t value = 0;
  for (int i = 0; i < 4; ++i) value = value << 8 | static_cast<unsigned char>(bytes[i]);
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

void FrameSplitter::feed(std::string_view bytes, const Emit& emit) {
  buffer_ += bytes;
  std::size_t at = 0;
  while (buffer_.size() - at >= 8) {
    const std::string_view rest = std::string_view(buffer_).substr(at);
    const auto head = frame_head(big_endian(rest));
    const std::size_t length = big_endian(rest.substr(4));
    if (!head || length > k_longest_frame) {
      stray_.feed(rest, emit);
      at = buffer_.size();
      break;
    }
    if (rest.size() < head->size + length) break;
    emit({head->level, head->json, rest.substr(head->size, length)});
    at += head->size + length;
  }
  buffer_.erase(0, at);
}

void FrameSplitter::finish(const Emit& emit) {
  if (!buffer_.empty()) stray_.feed(buffer_, emit);
  buffer_.clear();
  stray_.finish(emit);
}

}  // namespace coldframe
