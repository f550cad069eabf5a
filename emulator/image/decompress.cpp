#include "emulator/image/decompress.hpp"

#include <isa-l/igzip_lib.h>
#include <zstd.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <string_view>
#include <vector>

namespace coldframe {
namespace {

constexpr std::size_t k_input_bytes = 256 * 1024;

Error damaged(const std::string& name, const std::string& why) {
  return usage_error("'" + name + "' is damaged: " + why);
}

// A source whose first bytes have been read already.
class Input {
 public:
  Input(std::unique_ptr<ByteSource> source, std::vector<char> first)
      : source_(std::move(source)), bytes_(std::move(first)), size_(bytes_.size()) {
    bytes_.resize(std::max(bytes_.size(), k_input_bytes));
  }
  std::span<char> left() { return std::span(bytes_).subspan(at_, size_ - at_); }
  void take(std::size_t count) { at_ += count; }
  // False: there is no more.
  Result<bool> refill() {
    auto got = source_->read(bytes_);
    if (!got) return got.error();
    at_ = 0;
    size_ = *got;
    return size_ > 0;
  }
  ByteSource& source() { return *source_; }

 private:
  std::unique_ptr<ByteSource> source_;
  std::vector<char> bytes_;
  std::size_t at_ = 0;
  std::size_t size_;
};

class PlainSource final : public ByteSource {
 public:
  explicit PlainSource(Input input) : input_(std::move(input)) {}
  Result<std::size_t> read(std::span<char> room) override {
    const auto left = input_.left();
    if (left.empty()) return input_.source().read(room);
    const std::size_t count = std::min(left.size(), room.size());
    std::memcpy(room.data(), left.data(), count);
    input_.take(count);
    return count;
  }

 private:
  Input input_;
};

// One member after the other, as pigz and some builders write them.
class GzipSource final : public ByteSource {
 public:
  GzipSource(Input input, std::string name) : input_(std::move(input)), name_(std::move(name)) {
    isal_inflate_init(&state_);
    state_.crc_flag = ISAL_GZIP;
  }

  Result<std::size_t> read(std::span<char> room) override {
    if (room.empty()) return std::size_t{0};
    state_.next_out = reinterpret_cast<std::uint8_t*>(room.data());
    state_.avail_out = static_cast<std::uint32_t>(std::min<std::size_t>(room.size(), 1U << 30));
    const auto before = state_.avail_out;
    while (state_.avail_out == before) {
      if (input_.left().empty()) {
        auto more = input_.refill();
        if (!more) return more.error();
        if (!*more) {
          if (between_members_) return std::size_t{0};
          // What is still within the decoder comes out without more input.
          if (auto ok = step(); !ok) return ok.error();
          if (state_.avail_out == before && !between_members_) {
            return damaged(name_, "its gzip data end too early");
          }
          continue;
        }
      }
      if (auto ok = step(); !ok) return ok.error();
    }
    return static_cast<std::size_t>(before - state_.avail_out);
  }

 private:
  Result<void> step() {
    const auto left = input_.left();
    if (between_members_) {
      isal_inflate_reset(&state_);
      between_members_ = false;
    }
    state_.next_in = reinterpret_cast<std::uint8_t*>(left.data());
    state_.avail_in = static_cast<std::uint32_t>(left.size());
    const int result = isal_inflate(&state_);
    input_.take(left.size() - state_.avail_in);
    if (result < 0) {
      return damaged(name_, result == ISAL_INCORRECT_CHECKSUM ? "its gzip checksum is wrong"
                                                              : "its gzip data are wrong");
    }
    between_members_ = state_.block_state == ISAL_BLOCK_FINISH;
    return {};
  }

  inflate_state state_{};
  Input input_;
  std::string name_;
  bool between_members_ = false;
};

class ZstdSource final : public ByteSource {
 public:
  ZstdSource(Input input, std::string name)
      : stream_(ZSTD_createDStream()), input_(std::move(input)), name_(std::move(name)) {
    if (!stream_) throw std::bad_alloc();
  }

  Result<std::size_t> read(std::span<char> room) override {
    ZSTD_outBuffer out{room.data(), room.size(), 0};
    while (out.pos == 0 && out.size > 0) {
      bool ended = false;
      if (input_.left().empty()) {
        auto more = input_.refill();
        if (!more) return more.error();
        ended = !*more;
        if (ended && between_frames_) return std::size_t{0};
      }
      const auto left = input_.left();
      ZSTD_inBuffer in{left.data(), left.size(), 0};
      const std::size_t result = ZSTD_decompressStream(stream_.get(), &out, &in);
      input_.take(in.pos);
      if (ZSTD_isError(result) != 0) {
        return damaged(name_, std::string("its zstd data are wrong: ") + ZSTD_getErrorName(result));
      }
      between_frames_ = result == 0;
      if (ended && out.pos == 0) return damaged(name_, "its zstd data end too early");
    }
    return out.pos;
  }

 private:
  struct Free {
    void operator()(ZSTD_DStream* stream) const { ZSTD_freeDStream(stream); }
  };
  std::unique_ptr<ZSTD_DStream, Free> stream_;
  Input input_;
  std::string name_;
  bool between_frames_ = false;
};

struct Magic {
  std::string_view bytes;
  const char* name;
};
constexpr std::array<Magic, 3> k_others{
    {{"\xFD\x37zXZ", "xz"}, {"BZh", "bzip2"}, {"\x04\x22\x4D\x18", "lz4"}}};

}  // namespace

Result<std::unique_ptr<ByteSource>> decompressed(std::unique_ptr<ByteSource> source,
                                                 const std::string& name) {
  constexpr std::size_t k_most_magic = 6;
  std::vector<char> first(k_most_magic);
  auto got = read_fully(*source, first);
  if (!got) return got.error();
  first.resize(*got);
  const std::string_view head(first.data(), first.size());
  for (const Magic& other : k_others) {
    if (head.starts_with(other.bytes)) {
      return usage_error("'" + name + "' is compressed with " + other.name +
                         "; images are plain, or compressed with gzip or zstd");
    }
  }
  Input input(std::move(source), first);
  std::unique_ptr<ByteSource> plain;
  if (head.starts_with("\x1F\x8B")) {
    plain = std::make_unique<GzipSource>(std::move(input), name);
  } else if (head.starts_with("\x28\xB5\x2F\xFD")) {
    plain = std::make_unique<ZstdSource>(std::move(input), name);
  } else {
    plain = std::make_unique<PlainSource>(std::move(input));
  }
  return plain;
}

}  // namespace coldframe
