// Arrays that joblib writes between a pickle's operations. Private to this room.
#pragma once

#include <optional>

#include "emulator/inspect/pickle_machine.hpp"

namespace coldframe::inspect {

// What follows the operation that has built `object`, if that is an array of joblib's.
struct InlineArray {
  bool is_pickle = false;   // of Python objects: a pickle of its own
  bool is_aligned = false;  // a byte says how many bytes come before the array
  std::uint64_t bytes = 0;
};
std::optional<InlineArray> inline_array(const PickleMachine& machine, std::uint32_t object,
                                        std::uint32_t state);

// "numpy.dtype" with its argument "f8": 8 bytes. Nothing: it cannot be told.
std::optional<std::uint64_t> item_bytes(const std::string& dtype);

}  // namespace coldframe::inspect
