#include "emulator/inspect/pickle_reader.hpp"

#include <gtest/gtest.h>

namespace coldframe::testing {
namespace {

using namespace std::string_literals;
using inspect::PickleFacts;
using Globals = std::set<std::pair<std::string, std::string>>;

PickleFacts read(const std::string& bytes) {
  const inspect::MemoryBytes file(bytes);
  const auto input = inspect::open_pickle_input(file);
  EXPECT_NE(input, nullptr);
  return inspect::read_pickle(*input);
}

std::string short_text(const std::string& text) {
  return "\x8c" + std::string(1, static_cast<char>(text.size())) + text;
}

// Made by CPython 3.11: pickle.dumps(…, protocol), and joblib.dump() in protocol 4.
const std::string k_system_0 = "cposix\nsystem\np0\n(Vtrue\np1\ntp2\nRp3\n.";

TEST(PickleReader, FindsGlobalsOfEveryForm) {
  EXPECT_EQ(read(k_system_0).globals, (Globals{{"posix", "system"}}));
  EXPECT_EQ(read("\x80\x02"
                 "cbuiltins\neval\nq\0.(U\x03"
                 "1+1tR."s)
                .globals,
            (Globals{{"builtins", "eval"}}));
  const auto stacked = read("\x80\x04\x95\x10\0\0\0\0\0\0\0"s + short_text("a.b") + "\x94" +
                            short_text("C") + "\x94\x93\x94.");
  EXPECT_TRUE(stacked.is_whole) << stacked.trouble;
  EXPECT_EQ(stacked.globals, (Globals{{"a.b", "C"}}));
  EXPECT_EQ(read("(imod\ncls\n."s).globals, (Globals{{"mod", "cls"}}));
}

TEST(PickleReader, NamesMayComeFromTheMemo) {
  const auto facts = read("\x80\x04"s + short_text("os") + "\x94" + short_text("system") + "\x94" +
                          "000h\0h\x01\x93.");
  EXPECT_FALSE(facts.is_whole);  // one 0 too many: an empty stack
  const auto right = read("\x80\x04"s + short_text("os") + "\x94" + short_text("system") + "\x94" +
                          "00h\0h\x01\x93."s);
  EXPECT_TRUE(right.is_whole) << right.trouble;
  EXPECT_EQ(right.globals, (Globals{{"os", "system"}}));
}

TEST(PickleReader, ANameThatIsComputedIsTold) {
  const auto facts = read("\x80\x04"s + "]" + short_text("system") + "\x93.");
  EXPECT_TRUE(facts.has_computed_globals);
  EXPECT_TRUE(facts.is_whole);
}

TEST(PickleReader, FindsTheVersionOfScikitLearn) {
  const auto one = read("\x80\x04}\x94("s + short_text("n") + "K\x01" +
                        short_text("_sklearn_version") + "\x94" + short_text("1.2.1") + "\x94u.");
  EXPECT_EQ(one.sklearn_versions, std::set<std::string>{"1.2.1"});
  const auto other = read(
      "\x80\x02}X\x10\0\0\0_sklearn_versionX\x05\0\0\0"
      "1.0.2s."s);
  EXPECT_EQ(other.sklearn_versions, std::set<std::string>{"1.0.2"});
  const auto oldest = read("(dV_sklearn_version\nV0.24\ns."s);
  EXPECT_EQ(oldest.sklearn_versions, std::set<std::string>{"0.24"});
}

TEST(PickleReader, FindsTheVersionOfXgboost) {
  EXPECT_EQ(inspect::xgboost_version(R"({"learner":{},"version":[2,0,3]})"), "2.0.3");
  EXPECT_EQ(inspect::xgboost_version("}}}L\0\0\0\0\0\0\0\7version[#L\0\0\0\0\0\0\0\3i\3i\2i\0}"s),
            "3.2.0");
  EXPECT_EQ(inspect::xgboost_version("version[$l#L\0\0\0\0\0\0\0\3\0\0\0\1\0\0\0\7\0\0\0\6}"s),
            "1.7.6");
  for (const std::string& bad : {"version["s, "version[#L\0\0"s, "version[i\1i\2"s, "version[$"s,
                                 "\"version\":[1,2"s, "\"version\":[1,,2]"s, "version"s, ""s})
    EXPECT_EQ(inspect::xgboost_version(bad), "");
  const std::string model = "version[i\2i\0i\3"s;
  const auto facts = read(
      "\x80\x03"
      "B" +
      std::string("\x0e\0\0\0", 4) + model + ".");
  EXPECT_EQ(facts.xgboost_versions, std::set<std::string>{"2.0.3"});
}

// cls, (), NEWOBJ, {shape, dtype, numpy_array_alignment_bytes}, BUILD; then padding and the array.
std::string joblib_array(const std::string& dtype, const std::string& after) {
  return "\x80\x04" + short_text("joblib.numpy_pickle") + short_text("NumpyArrayWrapper") +
         "\x93)\x81}(" + short_text("shape") + "K\x02K\x03\x86" + short_text("dtype") +
         short_text("numpy") + short_text("dtype") + "\x93" + short_text(dtype) + "\x89\x88\x87R" +
         short_text("numpy_array_alignment_bytes") + "K\x10ub" + after;
}

TEST(PickleReader, PassesOverArraysOfJoblib) {
  const std::string pad = "\x03...";
  const auto facts = read(joblib_array("f8", pad + std::string(48, '.') + "0cmod\nname\n."));
  EXPECT_TRUE(facts.is_whole) << facts.trouble;
  EXPECT_TRUE(facts.globals.contains({"mod", "name"}));
  EXPECT_FALSE(read(joblib_array("f8", pad + std::string(40, '.'))).is_whole);
  EXPECT_TRUE(read(joblib_array("U2", pad + std::string(48, '.') + ".")).is_whole);
  EXPECT_FALSE(read(joblib_array("?!", pad + std::string(48, '.') + ".")).is_whole);
}

TEST(PickleReader, GoesIntoArraysOfObjects) {
  const auto facts = read(joblib_array("O8",
                                       "\x80\x04"
                                       "cin\nside\n."
                                       "0cout\nside\n."));
  EXPECT_TRUE(facts.is_whole) << facts.trouble;
  EXPECT_TRUE(facts.globals.contains({"in", "side"}));
  EXPECT_TRUE(facts.globals.contains({"out", "side"}));
}

TEST(PickleReader, UndoesCompression) {
  // zlib.compress and bz2.compress of k_system_0.
  const std::string zlib =
      "\x78\xda\x4b\x2e\xc8\x2f\xce\xac\xe0\x2a\xae\x2c\x2e\x49\xcd\xe5\x2a\x30\xe0\xd2\x08\x2b\x29"
      "\x2a\x4d\xe5\x2a\x30\xe4\x2a\x29\x30\xe2\x0a\x2a\x30\xe6\xd2\x03\x00\xba\x2e\x0a\x9e"s;
  const auto facts = read(zlib);
  // Whatever the checksum says, what it would import counts.
  EXPECT_TRUE(facts.globals.contains({"posix", "system"}));
}

TEST(PickleReader, EndsWhateverTheBytesAre) {
  for (const std::string& bad : {""s,
                                 "\x80"s,
                                 "\x80\x04"s,
                                 "."s,
                                 "R"s,
                                 "0"s,
                                 "t"s,
                                 "u"s,
                                 "(u"s,
                                 "b"s,
                                 "\x93"s,
                                 "h\0"s,
                                 "cmod"s,
                                 "cmod\nname"s,
                                 "\x8d\xff\xff\xff\xff\xff\xff\xff\xff"s,
                                 "X\xff\xff\xff\xff"s,
                                 "\x8b\xff\xff\xff\xff"s,
                                 "\xff"s,
                                 "V"s + std::string(2'000'000, 'x'),
                                 "g99999999999999999999\n"s,
                                 "I\n"s,
                                 "L\n"s,
                                 "S\n"s,
                                 "\x85"s,
                                 "s"s,
                                 "o"s,
                                 "(o"s,
                                 "Q"s,
                                 "2"s,
                                 "\x98"s}) {
    const auto facts = read(bad);
    if (bad == ".") continue;
    EXPECT_FALSE(facts.is_whole) << bad.substr(0, 20);
    EXPECT_FALSE(facts.trouble.empty());
  }
}

TEST(PickleReader, EndsOnWhatIsBuiltToGrow) {
  EXPECT_FALSE(read(std::string(3'000'000, '(')).is_whole);
  std::string doubled = "N";
  for (int i = 0; i < 1'200'000; ++i)
    doubled += "2\x86";
  EXPECT_TRUE(read(doubled + ".").is_whole);
  // A dictionary in itself, and a tuple a million deep.
  EXPECT_TRUE(read("}2\x8c\x01"
                   "a2s."s)
                  .operations > 0);
  std::string deep = "N";
  deep.append(1'000'000, '\x85');
  EXPECT_TRUE(read(deep + ".").is_whole);
}

TEST(PickleReader, ArraysInArraysHaveAnEnd) {
  std::string nested;
  for (int i = 0; i < 100; ++i)
    nested += joblib_array("O8", "");
  const auto facts = read(nested);
  EXPECT_FALSE(facts.is_whole);
}

TEST(PickleReader, KnowsOneByItsFirstBytes) {
  EXPECT_TRUE(inspect::looks_like_pickle("\x80\x04", false));
  EXPECT_FALSE(inspect::looks_like_pickle("\x80\x06", false));
  EXPECT_FALSE(inspect::looks_like_pickle("cposix", false));
  EXPECT_TRUE(inspect::looks_like_pickle("cposix", true));
  EXPECT_FALSE(inspect::looks_like_pickle("", true));
}

}  // namespace
}  // namespace coldframe::testing
