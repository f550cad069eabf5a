// Which files of a function are models, and what each was saved with. Private to this room.
#pragma once

#include <string>
#include <vector>

#include "emulator/inspect/look.hpp"
#include "emulator/inspect/pickle_reader.hpp"

namespace coldframe::inspect {

struct ModelFile {
  const CensusFile* file = nullptr;
  bool is_pickle = false;
  PickleFacts facts{};  // of a pickle; of another model its version of XGBoost alone
};

// Not those of packages and of the standard library, which have pickles for their tests. Of `look`
// models and imports are not asked.
std::vector<ModelFile> find_models(const Look& look);

// A global that runs code of somebody's choice: {"os", "system"}.
bool is_dangerous(const std::string& module, const std::string& name);

}  // namespace coldframe::inspect
