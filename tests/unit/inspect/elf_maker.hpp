// ELF files made byte by byte: as little as the loader would look at.
//
//   file("/lib/libx.so", make_elf({.soname = "libx.so", .needed = {"libc.so.6"}}));
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace coldframe::testing {

struct ElfSpec {
  std::uint16_t machine = 62;  // x86-64
  std::uint16_t type = 3;      // a shared library, or a program like one
  std::string interpreter{};
  std::string soname{};
  std::vector<std::string> needed{};
  std::string rpath{};
  std::string runpath{};
  // By library: version, and whether it is weak.
  std::map<std::string, std::vector<std::pair<std::string, bool>>> wants{};
  std::vector<std::string> gives{};
  std::uint32_t x86_isa = 0;
  bool is_64_bit = true;
};

class ElfMaker {
 public:
  explicit ElfMaker(const ElfSpec& spec) : spec_(spec), strings_(1, '\0') {}

  std::string make() {
    out_ = std::string(k_header + k_segments * k_segment, '\0');
    const std::size_t interpreter = add(spec_.interpreter + '\0');
    const std::size_t wants = add(wanted());
    const std::size_t gives = add(given());
    std::vector<std::pair<std::uint64_t, std::uint64_t>> entries;
    for (const std::string& name : spec_.needed)
      entries.emplace_back(1, string(name));
    if (!spec_.soname.empty()) entries.emplace_back(14, string(spec_.soname));
    if (!spec_.rpath.empty()) entries.emplace_back(15, string(spec_.rpath));
    if (!spec_.runpath.empty()) entries.emplace_back(29, string(spec_.runpath));
    if (!spec_.wants.empty()) {
      entries.emplace_back(0x6ffffffe, wants);
      entries.emplace_back(0x6fffffff, spec_.wants.size());
    }
    if (!spec_.gives.empty()) {
      entries.emplace_back(0x6ffffffc, gives);
      entries.emplace_back(0x6ffffffd, spec_.gives.size());
    }
    entries.emplace_back(5, add(strings_));
    entries.emplace_back(0, 0);
    std::string dynamic;
    for (const auto& [tag, value] : entries)
      dynamic += number(tag, 8) + number(value, 8);
    const std::size_t at = add(dynamic);
    const std::string note = number(4, 4) + number(16, 4) + number(5, 4) + std::string("GNU\0", 4) +
                             number(0xc0008002, 4) + number(4, 4) + number(spec_.x86_isa, 4) +
                             number(0, 4);
    const std::size_t property = add(note);
    head();
    segment(0, 1, 0, out_.size());
    segment(1, 2, at, dynamic.size());
    segment(2, spec_.interpreter.empty() ? 0 : 3, interpreter, spec_.interpreter.size() + 1);
    segment(3, spec_.x86_isa == 0 ? 0 : 0x6474e553, property, note.size());
    return out_;
  }

  static std::string number(std::uint64_t value, int bytes) {
    std::string text;
    for (int i = 0; i < bytes; ++i)
      text += static_cast<char>(value >> (8 * i) & 0xff);
    return text;
  }

 private:
  static constexpr std::size_t k_header = 64;
  static constexpr std::size_t k_segment = 56;
  static constexpr std::size_t k_segments = 4;

  std::size_t add(const std::string& bytes) {
    out_.resize((out_.size() + 7) / 8 * 8);
    const std::size_t at = out_.size();
    out_ += bytes;
    return at;
  }
  std::uint64_t string(const std::string& text) {
    const std::size_t at = strings_.size();
    strings_ += text + '\0';
    return at;
  }

  std::string wanted() {
    std::string out;
    std::size_t left = spec_.wants.size();
    for (const auto& [library, versions] : spec_.wants) {
      const std::size_t bytes = 16 + versions.size() * 16;
      out += number(1, 2) + number(versions.size(), 2) + number(string(library), 4) +
             number(16, 4) + number(--left == 0 ? 0 : bytes, 4);
      for (std::size_t i = 0; i < versions.size(); ++i) {
        out += number(0, 4) + number(versions[i].second ? 2 : 0, 2) + number(0, 2) +
               number(string(versions[i].first), 4) + number(i + 1 == versions.size() ? 0 : 16, 4);
      }
    }
    return out;
  }
  std::string given() {
    std::string out;
    for (std::size_t i = 0; i < spec_.gives.size(); ++i) {
      out += number(1, 2) + number(0, 2) + number(i + 1, 2) + number(1, 2) + number(0, 4) +
             number(20, 4) + number(i + 1 == spec_.gives.size() ? 0 : 28, 4) +
             number(string(spec_.gives[i]), 4) + number(0, 4);
    }
    return out;
  }

  void head() {
    std::string text(
        "\x7f"
        "ELF");
    text += std::string{static_cast<char>(spec_.is_64_bit ? 2 : 1), 1, 1};
    text.resize(16);
    text += number(spec_.type, 2) + number(spec_.machine, 2) + number(1, 4) + number(0, 8) +
            number(k_header, 8) + number(0, 8) + number(0, 4) + number(k_header, 2) +
            number(k_segment, 2) + number(k_segments, 2);
    out_.replace(0, text.size(), text);
  }
  void segment(std::size_t index, std::uint32_t type, std::size_t at, std::size_t bytes) {
    const std::string text = number(type, 4) + number(4, 4) + number(at, 8) + number(at, 8) +
                             number(at, 8) + number(bytes, 8) + number(bytes, 8) + number(8, 8);
    out_.replace(k_header + index * k_segment, text.size(), text);
  }

  const ElfSpec& spec_;
  std::string strings_;
  std::string out_;
};

inline std::string make_elf(const ElfSpec& spec) { return ElfMaker(spec).make(); }

}  // namespace coldframe::testing
