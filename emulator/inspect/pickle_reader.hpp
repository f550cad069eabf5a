// What a pickle would import and which versions it remembers, read by its operations. Nothing in it
// is executed: a stack machine of ours moves marks about.
//
//   PlainPickleInput input(*file);
//   const PickleFacts facts = read_pickle(input);
//   facts.globals           // {{"sklearn.pipeline", "Pipeline"}, …}
//
// Protocols 0 to 5, and joblib's, whose arrays lie between the operations. Bounds on operations,
// stack, memory and nesting: what is beyond them is not looked at, and `is_whole` is false. Pure.
#pragma once

#include <set>
#include <string>
#include <utility>
#include <vector>

#include "emulator/inspect/pickle_input.hpp"

namespace coldframe::inspect {

struct PickleFacts {
  bool is_whole = false;  // read to its end
  std::string trouble;    // why not; empty: it was
  std::size_t operations = 0;
  std::set<std::pair<std::string, std::string>> globals;  // module and name
  bool has_computed_globals = false;                      // of names that are made while it is read
  std::set<std::string> sklearn_versions;
  std::set<std::string> xgboost_versions;
};

PickleFacts read_pickle(PickleInput& input);

// "1.7.6" in the beginning or end of a model of XGBoost's, JSON or UBJSON; empty: there is none.
std::string xgboost_version(std::string_view bytes);

// Whether a file begins like a pickle: with the protocol's mark, or, `by_name`, with an operation
// of protocol 0 or 1.
bool looks_like_pickle(std::string_view beginning, bool by_name);

}  // namespace coldframe::inspect
