// Bytes in their order, wherever they come from.
//
//   auto file = open_file("image.tar");
//   RangeSource source(*file, 0, file->size, "image.tar");
//   while (auto n = source.read(room)) …
//
// Used by one thread at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "emulator/base/error.hpp"
#include "emulator/base/unique_fd.hpp"

namespace coldframe {

class ByteSource {
 public:
  ByteSource() = default;
  ByteSource(const ByteSource&) = delete;
  ByteSource& operator=(const ByteSource&) = delete;
  virtual ~ByteSource() = default;
  // At least one byte, unless `room` has none; 0: the end. Errors: 2, what they come from is
  // damaged; 4, it cannot be read.
  virtual Result<std::size_t> read(std::span<char> room) = 0;
};

// `size` bytes of a file from `offset` on. A file that is shorter is cut off: an error.
class RangeSource final : public ByteSource {
 public:
  // `file` is shared, as pread() has no position; `name` stands in errors.
  RangeSource(std::shared_ptr<const UniqueFd> file, std::int64_t offset, std::int64_t size,
              std::string name);
  Result<std::size_t> read(std::span<char> room) override;

 private:
  std::shared_ptr<const UniqueFd> file_;
  std::int64_t offset_;
  std::int64_t left_;
  std::string name_;
};

// What a pipe, or a file of unknown size, has to say.
class StreamSource final : public ByteSource {
 public:
  StreamSource(std::shared_ptr<const UniqueFd> file, std::string name);
  Result<std::size_t> read(std::span<char> room) override;

 private:
  std::shared_ptr<const UniqueFd> file_;
  std::string name_;
};

// Reads until `room` is full or the end has come: as many as there were.
Result<std::size_t> read_fully(ByteSource& source, std::span<char> room);

// All of it, if that is no more than `most`; `what` stands in the error (2).
Result<std::string> read_all(ByteSource& source, std::size_t most, const std::string& what);

}  // namespace coldframe
