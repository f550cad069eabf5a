#include "emulator/inspect/pickle_arrays.hpp"

#include <charconv>

namespace coldframe::inspect {
namespace {

using Kind = PickleValue::Kind;

bool is_wrapper(const PickleMachine& machine, std::uint32_t object) {
  const PickleValue& value = machine.at(object);
  if (value.kind != Kind::object || value.items.empty()) return false;
  const PickleValue& callee = machine.at(value.items.front());
  return callee.kind == Kind::global && callee.text.ends_with("\nNumpyArrayWrapper");
}

// The last value of a key, or k_other.
std::uint32_t entry(const PickleMachine& machine, std::uint32_t dict, std::string_view key) {
  const PickleValue& value = machine.at(dict);
  if (value.kind != Kind::dict) return PickleMachine::k_other;
  for (std::size_t i = 0; i + 1 < value.items.size(); i += 2) {
    const PickleValue& name = machine.at(value.items[i]);
    if (name.kind == Kind::text && name.text == key) return value.items[i + 1];
  }
  return PickleMachine::k_other;
}

// The text that a dtype was made from: "f8".
std::string dtype_text(const PickleMachine& machine, std::uint32_t dtype) {
  const PickleValue& value = machine.at(dtype);
  if (value.kind != Kind::object || value.items.size() < 2) return "";
  const PickleValue& arguments = machine.at(value.items[1]);
  if (arguments.kind != Kind::tuple || arguments.items.empty()) return "";
  const PickleValue& first = machine.at(arguments.items.front());
  return first.kind == Kind::text ? first.text : "";
}

}  // namespace

std::optional<std::uint64_t> item_bytes(const std::string& dtype) {
  constexpr std::uint64_t k_most = std::uint64_t{1} << 24;
  if (dtype.size() < 2) return std::nullopt;
  std::uint64_t count = 0;
  const auto [end, error] = std::from_chars(dtype.data() + 1, dtype.data() + dtype.size(), count);
  if (error != std::errc() || count > k_most || (end != dtype.data() + dtype.size() && *end != '['))
    return std::nullopt;
  return dtype.front() == 'U' ? count * 4 : count;
}

std::optional<InlineArray> inline_array(const PickleMachine& machine, std::uint32_t object,
                                        std::uint32_t state) {
  if (!is_wrapper(machine, object)) return std::nullopt;
  const std::string dtype = dtype_text(machine, entry(machine, state, "dtype"));
  if (dtype.starts_with('O')) return InlineArray{.is_pickle = true};
  const auto each = item_bytes(dtype);
  const PickleValue& shape = machine.at(entry(machine, state, "shape"));
  InlineArray out;
  // What cannot be told is more than any file has.
  out.bytes = UINT64_MAX;
  if (!each || shape.kind != Kind::tuple) return out;
  std::uint64_t bytes = *each;
  for (const std::uint32_t item : shape.items) {
    const PickleValue& length = machine.at(item);
    if (length.kind != Kind::number || length.number < 0 ||
        __builtin_mul_overflow(bytes, static_cast<std::uint64_t>(length.number), &bytes)) {
      return out;
    }
  }
  out.bytes = bytes;
  out.is_aligned =
      machine.at(entry(machine, state, "numpy_array_alignment_bytes")).kind == Kind::number;
  return out;
}

}  // namespace coldframe::inspect
