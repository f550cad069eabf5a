#include "emulator/inspect/elf_reader.hpp"

#include <algorithm>

namespace coldframe::inspect {
namespace {

constexpr std::size_t k_header_bytes = 64;
constexpr std::size_t k_segment_bytes = 56;
constexpr std::size_t k_most_segments = 128;
constexpr std::size_t k_dynamic_bytes = 16;  // of an entry
constexpr std::size_t k_most_dynamic = 4096;
constexpr std::size_t k_most_needed = 1024;
constexpr std::size_t k_most_versions = 4096;
constexpr std::size_t k_most_text = 4096;
constexpr std::size_t k_most_note_bytes = 64 * 1024;

constexpr std::uint32_t k_load = 1;
constexpr std::uint32_t k_dynamic = 2;
constexpr std::uint32_t k_interpreter = 3;
constexpr std::uint32_t k_property = 0x6474e553;

constexpr std::uint64_t k_tag_needed = 1;
constexpr std::uint64_t k_tag_strings = 5;
constexpr std::uint64_t k_tag_soname = 14;
constexpr std::uint64_t k_tag_rpath = 15;
constexpr std::uint64_t k_tag_runpath = 29;
constexpr std::uint64_t k_tag_defines = 0x6ffffffc;
constexpr std::uint64_t k_tag_defines_count = 0x6ffffffd;
constexpr std::uint64_t k_tag_wants = 0x6ffffffe;
constexpr std::uint64_t k_tag_wants_count = 0x6fffffff;

// A number of little-endian bytes; `bytes` has it.
template <typename Number>
Number number_at(const std::string& bytes, std::size_t at) {
  Number value = 0;
  for (std::size_t i = sizeof(Number); i-- > 0;) {
    value = static_cast<Number>(value << 8U | static_cast<unsigned char>(bytes[at + i]));
  }
  return value;
}
std::uint16_t half(const std::string& bytes, std::size_t at) {
  return static_cast<std::uint16_t>(static_cast<unsigned char>(bytes[at]) |
                                    static_cast<unsigned char>(bytes[at + 1]) << 8U);
}
std::uint32_t word(const std::string& bytes, std::size_t at) {
  return number_at<std::uint32_t>(bytes, at);
}
std::uint64_t wide(const std::string& bytes, std::size_t at) {
  return number_at<std::uint64_t>(bytes, at);
}

struct Segment {
  std::uint32_t type = 0;
  std::uint64_t offset = 0;
  std::uint64_t address = 0;
  std::uint64_t bytes = 0;
};

class Reader {
 public:
  Reader(const Bytes& file, ElfFile& elf) : file_(file), elf_(elf) {}

  void read(const std::string& header) {
    const std::uint64_t table = wide(header, 32);
    const std::size_t each = half(header, 54);
    const std::size_t count = std::min<std::size_t>(half(header, 56), k_most_segments);
    if (each < k_segment_bytes) return;
    for (std::size_t i = 0; i < count; ++i) {
      const std::string bytes = file_.piece(table + i * each, k_segment_bytes);
      if (bytes.empty()) break;
      segments_.push_back({word(bytes, 0), wide(bytes, 8), wide(bytes, 16), wide(bytes, 32)});
    }
    for (const Segment& segment : segments_) {
      if (segment.type == k_interpreter) {
        elf_.interpreter = file_.text(segment.offset, k_most_text);
      } else if (segment.type == k_dynamic) {
        read_dynamic(segment);
      } else if (segment.type == k_property) {
        read_properties(segment);
      }
    }
  }

 private:
  // Where in the file something is that has this address; nothing: nowhere.
  std::optional<std::uint64_t> offset_of(std::uint64_t address) const {
    for (const Segment& segment : segments_) {
      if (segment.type == k_load && address >= segment.address &&
          address - segment.address < segment.bytes) {
        return segment.offset + (address - segment.address);
      }
    }
    return std::nullopt;
  }

  std::string string_at(std::uint64_t index) const {
    return strings_ ? file_.text(*strings_ + index, k_most_text) : "";
  }

  void read_dynamic(const Segment& segment) {
    std::vector<std::pair<std::uint64_t, std::uint64_t>> entries;
    const std::size_t count =
        std::min<std::size_t>(segment.bytes / k_dynamic_bytes, k_most_dynamic);
    std::map<std::uint64_t, std::uint64_t> found;
    for (std::size_t i = 0; i < count; ++i) {
      const std::string bytes = file_.piece(segment.offset + i * k_dynamic_bytes, k_dynamic_bytes);
      if (bytes.empty() || wide(bytes, 0) == 0) break;
      entries.emplace_back(wide(bytes, 0), wide(bytes, 8));
      found.emplace(entries.back());
    }
    const auto value = [&](std::uint64_t tag) {
      const auto at = found.find(tag);
      return at == found.end() ? std::nullopt : std::optional(at->second);
    };
    if (const auto strings = value(k_tag_strings)) strings_ = offset_of(*strings);
    for (const auto& [tag, index] : entries) {
      if (tag != k_tag_needed || elf_.needed.size() >= k_most_needed) continue;
      if (auto name = string_at(index); !name.empty()) elf_.needed.push_back(std::move(name));
    }
    const auto text = [&](std::uint64_t tag) {
      const auto index = value(tag);
      return index ? string_at(*index) : "";
    };
    elf_.soname = text(k_tag_soname);
    elf_.rpath = text(k_tag_rpath);
    elf_.runpath = text(k_tag_runpath);
    if (const auto wants = value(k_tag_wants)) {
      if (const auto at = offset_of(*wants)) read_wants(*at, value(k_tag_wants_count).value_or(0));
    }
    if (const auto gives = value(k_tag_defines)) {
      if (const auto at = offset_of(*gives)) {
        read_gives(*at, value(k_tag_defines_count).value_or(0));
      }
    }
  }

  // Elf64_Verneed, each with its list of Elf64_Vernaux.
  void read_wants(std::uint64_t at, std::uint64_t count) {
    std::size_t versions = 0;
    for (std::uint64_t i = 0; i < count && versions < k_most_versions; ++i) {
      const std::string need = file_.piece(at, 16);
      if (need.empty()) return;
      const std::string library = string_at(word(need, 4));
      std::uint64_t place = at + word(need, 8);
      for (int left = half(need, 2); left > 0 && versions < k_most_versions; --left) {
        const std::string one = file_.piece(place, 16);
        if (one.empty()) return;
        ++versions;
        constexpr std::uint16_t k_weak = 2;
        if (auto name = string_at(word(one, 8)); !name.empty() && !library.empty()) {
          elf_.wants[library].push_back({std::move(name), (half(one, 4) & k_weak) != 0});
        }
        if (word(one, 12) == 0) break;
        place += word(one, 12);
      }
      if (word(need, 12) == 0) return;
      at += word(need, 12);
      ++versions;  // also of lists that are empty there is an end
    }
  }

  // Elf64_Verdef, of whose names (Elf64_Verdaux) the first counts.
  void read_gives(std::uint64_t at, std::uint64_t count) {
    for (std::uint64_t i = 0; i < count && elf_.gives.size() < k_most_versions; ++i) {
      if (i > k_most_versions) return;
      const std::string definition = file_.piece(at, 20);
      if (definition.empty()) return;
      const std::string name = file_.piece(at + word(definition, 12), 8);
      if (!name.empty()) {
        if (auto text = string_at(word(name, 0)); !text.empty())
          elf_.gives.push_back(std::move(text));
      }
      if (word(definition, 16) == 0) return;
      at += word(definition, 16);
    }
  }

  void read_properties(const Segment& segment) {
    constexpr std::uint32_t k_gnu_property = 5;
    constexpr std::uint32_t k_isa_needed = 0xc0008002;
    const std::string notes =
        file_.piece(segment.offset, std::min<std::uint64_t>(segment.bytes, k_most_note_bytes));
    for (std::size_t at = 0; at + 16 <= notes.size();) {
      const std::size_t name_bytes = word(notes, at);
      const std::size_t bytes = word(notes, at + 4);
      const bool is_property =
          word(notes, at + 8) == k_gnu_property && notes.compare(at + 12, 4, "GNU\0", 4) == 0;
      const std::size_t begin = at + 12 + ((name_bytes + 3) & ~std::size_t{3});
      if (begin > notes.size() || bytes > notes.size() - begin) return;
      const std::size_t end = begin + bytes;
      for (std::size_t one = begin; is_property && one + 8 <= end;) {
        const std::size_t size = word(notes, one + 4);
        if (size > end - one - 8) return;
        if (word(notes, one) == k_isa_needed && size >= 4) elf_.x86_isa |= word(notes, one + 8);
        one += 8 + ((size + 7) & ~std::size_t{7});
      }
      at = (end + 7) & ~std::size_t{7};
    }
  }

  const Bytes& file_;
  ElfFile& elf_;
  std::vector<Segment> segments_;
  std::optional<std::uint64_t> strings_;
};

}  // namespace

std::optional<ElfFile> read_elf(const Bytes& file) {
  constexpr std::size_t k_ident_bytes = 20;  // with type and machine, alike in both classes
  const std::string ident = file.piece(0, k_ident_bytes);
  if (ident.empty() || !ident.starts_with("\x7f"
                                          "ELF")) {
    return std::nullopt;
  }
  ElfFile elf;
  elf.is_64_bit = ident[4] == 2;
  elf.is_little_endian = ident[5] == 1;
  const auto number = [&](std::size_t at) {
    const auto value = half(ident, at);
    return elf.is_little_endian ? value : static_cast<std::uint16_t>(value << 8U | value >> 8U);
  };
  elf.is_object = number(16) == 1;
  elf.machine = number(18);
  if (!elf.is_64_bit || !elf.is_little_endian || elf.is_object) return elf;
  if (const std::string header = file.piece(0, k_header_bytes); !header.empty()) {
    Reader(file, elf).read(header);
  }
  return elf;
}

}  // namespace coldframe::inspect
