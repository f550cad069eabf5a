#include "emulator/inspect/elf_reader.hpp"

#include <gtest/gtest.h>

#include "tests/unit/inspect/elf_maker.hpp"

namespace coldframe::testing {
namespace {

using inspect::ElfFile;
using inspect::MemoryBytes;
using Names = std::vector<std::string>;

std::optional<ElfFile> read(const std::string& bytes) {
  return inspect::read_elf(MemoryBytes(bytes));
}

const ElfSpec k_full{
    .interpreter = "/lib/ld.so",
    .soname = "libx.so.1",
    .needed = {"liba.so", "libb.so"},
    .rpath = "/r",
    .runpath = "$ORIGIN",
    .wants = {{"liba.so", {{"A_1", false}, {"A_2", true}}}, {"libb.so", {{"B_1", false}}}},
    .gives = {"libx.so.1", "X_1"},
    .x86_isa = 5};

TEST(ElfReader, ReadsWhatAFileNeedsAndGives) {
  const auto elf = read(make_elf(k_full));
  ASSERT_TRUE(elf);
  EXPECT_EQ(elf->machine, ElfFile::k_x86_64);
  EXPECT_TRUE(elf->is_64_bit);
  EXPECT_EQ(elf->interpreter, "/lib/ld.so");
  EXPECT_EQ(elf->soname, "libx.so.1");
  EXPECT_EQ(elf->rpath, "/r");
  EXPECT_EQ(elf->runpath, "$ORIGIN");
  EXPECT_EQ(elf->needed, (Names{"liba.so", "libb.so"}));
  EXPECT_EQ(elf->gives, (Names{"libx.so.1", "X_1"}));
  ASSERT_EQ(elf->wants.at("liba.so").size(), 2U);
  EXPECT_EQ(elf->wants.at("liba.so")[0].name, "A_1");
  EXPECT_FALSE(elf->wants.at("liba.so")[0].weak);
  EXPECT_TRUE(elf->wants.at("liba.so")[1].weak);
  EXPECT_EQ(elf->wants.at("libb.so").front().name, "B_1");
  EXPECT_EQ(elf->x86_isa, 5U);
}

TEST(ElfReader, OfOtherMachinesAndClassesTellsWhich) {
  const auto arm = read(make_elf({.machine = 183}));
  ASSERT_TRUE(arm);
  EXPECT_EQ(arm->machine, ElfFile::k_aarch64);
  const auto small = read(make_elf({.machine = 3, .needed = {"x"}, .is_64_bit = false}));
  ASSERT_TRUE(small);
  EXPECT_FALSE(small->is_64_bit);
  EXPECT_TRUE(small->needed.empty());
  std::string big = make_elf({});
  big[5] = 2;
  big[18] = 0;
  big[19] = 22;
  EXPECT_EQ(read(big)->machine, 22);
}

TEST(ElfReader, RefusesOtherFiles) {
  EXPECT_FALSE(read(""));
  EXPECT_FALSE(
      read("\x7f"
           "EL"));
  EXPECT_FALSE(read(std::string(1000, 'x')));
  EXPECT_FALSE(read("#!/bin/sh\nexit 0\nexit 0\n"));
}

TEST(ElfReader, EndsWhereverTheFileIsCutOff) {
  const std::string whole = make_elf(k_full);
  for (std::size_t bytes = 0; bytes < whole.size(); ++bytes) {
    const auto elf = read(whole.substr(0, bytes));
    EXPECT_EQ(elf.has_value(), bytes >= 20) << bytes;
  }
}

TEST(ElfReader, EndsWhateverANumberSays) {
  const std::string whole = make_elf(k_full);
  std::size_t readable = 0;
  for (std::size_t at = 4; at < whole.size(); ++at) {
    for (const char byte : {'\xff', '\x7f', '\x80', '\0', '\1'}) {
      std::string bytes = whole;
      bytes[at] = byte;
      if (at + 8 <= bytes.size() && byte == '\xff') bytes.replace(at, 8, 8, byte);
      readable += read(bytes).has_value() ? 1 : 0;
    }
  }
  EXPECT_GT(readable, whole.size());
}

TEST(ElfReader, AChainThatGoesInCirclesHasAnEnd) {
  // Of version needs that point at themselves: 65 535 of them with 65 535 versions each.
  std::string bytes = make_elf({.needed = {"liba.so"}, .wants = {{"liba.so", {{"A_1", false}}}}});
  const std::string entry = ElfMaker::number(1, 2) + ElfMaker::number(1, 2);
  const auto at = bytes.find(entry, 64 + 4 * 56);
  ASSERT_NE(at, std::string::npos);
  bytes.replace(at + 2, 2, "\xff\xff");
  bytes.replace(at + 16 + 12, 4, std::string("\1\0\0\0", 4));
  EXPECT_TRUE(read(bytes));
}

}  // namespace
}  // namespace coldframe::testing
