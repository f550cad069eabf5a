// The bytes of a pickle in their order, plain or unpacked on the way.
//
//   auto input = open_pickle_input(*file, name);    // by the first bytes: zlib, gzip, zstd, …
//   const auto byte = input->byte();
//
// Each has a bound on what it reads, so that a small file that unpacks to terabytes ends early. One
// thread.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "emulator/inspect/bytes.hpp"

namespace coldframe::inspect {

class PickleInput {
 public:
  PickleInput() = default;
  PickleInput(const PickleInput&) = delete;
  PickleInput& operator=(const PickleInput&) = delete;
  virtual ~PickleInput() = default;
  // As many as there are; fewer than wanted only at the end.
  virtual std::size_t read(std::span<char> room) = 0;
  // False: there are not so many.
  virtual bool skip(std::uint64_t count) = 0;

  std::optional<std::uint8_t> byte();
  // A little-endian number of so many bytes, 8 at most.
  std::optional<std::uint64_t> number(std::size_t bytes);
  // The first `kept` of `count` bytes; the others are passed over.
  std::optional<std::string> piece(std::uint64_t count, std::size_t kept);
  // Up to a line feed, which is taken, too; nothing if that takes more than `most`.
  std::optional<std::string> line(std::size_t most);
};

// `from`: where it begins in the file, which must outlive it.
class PlainPickleInput final : public PickleInput {
 public:
  explicit PlainPickleInput(const Bytes& file, std::uint64_t from = 0) : file_(file), at_(from) {}
  std::size_t read(std::span<char> room) override;
  bool skip(std::uint64_t count) override;

 private:
  const Bytes& file_;
  std::uint64_t at_;
};

// What joblib and others compress with shows in the first bytes: zlib, gzip, bzip2, xz, lzma, zstd,
// lz4. Null: it is compressed in a way that cannot be undone.
std::unique_ptr<PickleInput> open_pickle_input(const Bytes& file);

}  // namespace coldframe::inspect
