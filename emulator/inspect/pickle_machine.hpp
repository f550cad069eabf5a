// The values that the pickle reader moves about: of most it only remembers that there is one. They
// lie in one list and name each other by place, so that no input can make a deep tree of them.
// Private to this room.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace coldframe::inspect {

struct PickleValue {
  enum class Kind { other, mark, text, number, tuple, dict, global, object };
  Kind kind = Kind::other;
  std::int64_t number = 0;
  std::string text;                  // of a global its module and name, with a line feed between
  std::vector<std::uint32_t> items;  // of a tuple; of a dict keys and values; of an object its
                                     // class, arguments and state
};

class PickleMachine {
 public:
  static constexpr std::uint32_t k_other = 0;
  static constexpr std::uint32_t k_mark = 1;
  static constexpr std::size_t k_most_values = 500'000;
  static constexpr std::size_t k_most_stack = 1'000'000;
  static constexpr std::size_t k_most_memo = 1'000'000;
  static constexpr std::size_t k_most_items = 64;

  PickleMachine() : values_(2) { values_[k_mark].kind = PickleValue::Kind::mark; }

  using Kind = PickleValue::Kind;
  const PickleValue& at(std::uint32_t place) const { return values_[place]; }
  PickleValue& at(std::uint32_t place) { return values_[place]; }
  // k_other when there are too many.
  std::uint32_t make(PickleValue value) {
    if (values_.size() >= k_most_values) return k_other;
    values_.push_back(std::move(value));
    return static_cast<std::uint32_t>(values_.size() - 1);
  }

  bool push(std::uint32_t place) {
    if (stack_.size() >= k_most_stack) return false;
    stack_.push_back(place);
    return true;
  }
  std::optional<std::uint32_t> pop() {
    if (stack_.empty()) return std::nullopt;
    const std::uint32_t place = stack_.back();
    stack_.pop_back();
    return place;
  }
  std::optional<std::uint32_t> top() const {
    return stack_.empty() ? std::nullopt : std::optional(stack_.back());
  }
  // All above the last mark, which goes, too; nothing if there is no mark.
  std::optional<std::vector<std::uint32_t>> pop_to_mark() {
    std::size_t from = stack_.size();
    while (from > 0 && stack_[from - 1] != k_mark)
      --from;
    if (from == 0) return std::nullopt;
    std::vector<std::uint32_t> items(stack_.begin() + static_cast<std::ptrdiff_t>(from),
                                     stack_.end());
    stack_.resize(from - 1);
    return items;
  }

  void put(std::uint64_t key, std::uint32_t place) {
    if (memo_.size() < k_most_memo) memo_[key] = place;
  }
  std::uint32_t get(std::uint64_t key) const {
    const auto found = memo_.find(key);
    return found == memo_.end() ? k_other : found->second;
  }
  std::uint64_t memo_size() const { return memo_.size(); }

  // What belongs to one pickle, while one inside it is read.
  struct Saved {
    std::vector<std::uint32_t> stack;
    std::unordered_map<std::uint64_t, std::uint32_t> memo;
  };
  Saved begin_inner() {
    Saved saved{std::move(stack_), std::move(memo_)};
    stack_.clear();
    memo_.clear();
    return saved;
  }
  void end_inner(Saved saved) {
    stack_ = std::move(saved.stack);
    memo_ = std::move(saved.memo);
  }

 private:
  std::vector<PickleValue> values_;
  std::vector<std::uint32_t> stack_;
  std::unordered_map<std::uint64_t, std::uint32_t> memo_;
};

}  // namespace coldframe::inspect
