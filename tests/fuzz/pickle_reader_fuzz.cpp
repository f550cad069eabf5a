// Fuzz target of the pickle reader, and of what undoes a model's compression. Whatever the bytes:
// it ends, says why it did, and tells the same of a file however it is packed.
//
// Input: the pickle.
#include <cstdint>
#include <cstdio>
#include <cstdlib>

#include "emulator/inspect/pickle_reader.hpp"

namespace {

using namespace coldframe::inspect;

void require(bool holds, const char* rule) {
  if (holds) return;
  std::fprintf(stderr, "does not hold: %s\n", rule);
  std::abort();
}

void check(const PickleFacts& facts) {
  require(facts.is_whole == facts.trouble.empty(), "who stops early says why");
  require(facts.globals.size() <= 10'000, "globals are bounded");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const MemoryBytes file(bytes);
  PlainPickleInput plain(file);
  const PickleFacts facts = read_pickle(plain);
  check(facts);
  require(facts.operations <= size + 1, "each operation takes a byte");
  if (const auto input = open_pickle_input(file)) check(read_pickle(*input));
  // What follows the end of a pickle is not looked at.
  if (facts.is_whole) {
    const std::string longer = std::string(bytes) + "cother\nglobal\n.";
    const MemoryBytes more(longer);
    PlainPickleInput again(more);
    require(read_pickle(again).globals == facts.globals, "a pickle ends where it says");
  }
  const std::string version = xgboost_version(bytes);
  require(version.find_first_not_of("0123456789.") == version.npos, "a version has numbers");
  return 0;
}
