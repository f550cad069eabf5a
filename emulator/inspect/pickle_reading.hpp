// The stack machine that reads a pickle's operations. Private to this room; see pickle_reader.hpp.
#pragma once

#include <algorithm>
#include <charconv>

#include "emulator/inspect/pickle_arrays.hpp"
#include "emulator/inspect/pickle_machine.hpp"
#include "emulator/inspect/pickle_reader.hpp"

namespace coldframe::inspect {

class PickleReading {
 public:
  PickleReading(PickleInput& input, PickleFacts& facts) : input_(input), facts_(facts) {}

  void run() {
    while (facts_.operations < k_most_operations) {
      const auto operation = input_.byte();
      if (!operation) return stop("it is cut off");
      ++facts_.operations;
      if (*operation == '.') {
        if (outer_.empty()) {
          facts_.is_whole = true;
          return;
        }
        machine_.end_inner(std::move(outer_.back()));
        outer_.pop_back();
        if (!machine_.push(PickleMachine::k_other)) return stop("its stack is too deep");
        continue;
      }
      if (!step(*operation)) return stop(trouble_.empty() ? "it is damaged" : trouble_);
    }
    stop("it has too many operations");
  }

 private:
  using Kind = PickleValue::Kind;
  static constexpr std::size_t k_most_operations = 20'000'000;
  static constexpr std::size_t k_most_globals = 10'000;
  static constexpr std::size_t k_most_inner = 64;  // pickles in a pickle
  static constexpr std::size_t k_most_text = 512;  // of a value; longer ones are no names
  static constexpr std::size_t k_most_line = 4096;
  static constexpr std::size_t k_kept_bytes = 4096;  // of what may be a model of XGBoost's

  void stop(std::string why) { facts_.trouble = std::move(why); }

  bool push(Kind kind, std::string text = "", std::int64_t number = 0) {
    PickleValue value;
    value.kind = kind;
    value.text = std::move(text);
    value.number = number;
    return machine_.push(machine_.make(std::move(value)));
  }
  bool push_other() { return machine_.push(PickleMachine::k_other); }
  bool drop(std::size_t count) {
    for (; count > 0; --count) {
      if (!machine_.pop()) return false;
    }
    return true;
  }

  bool push_text(std::uint64_t bytes) {
    if (bytes > k_most_text) return pass_bytes(bytes);
    auto text = input_.piece(bytes, k_most_text);
    return text && push(Kind::text, std::move(*text));
  }
  // Bytes are looked at for what they may be, and forgotten.
  bool pass_bytes(std::uint64_t bytes) {
    const auto head = input_.piece(std::min<std::uint64_t>(bytes, k_kept_bytes), k_kept_bytes);
    if (!head) return false;
    std::uint64_t left = bytes - head->size();
    std::string tail;
    if (left > k_kept_bytes && !input_.skip(left - k_kept_bytes)) return false;
    left = std::min<std::uint64_t>(left, k_kept_bytes);
    const auto rest = input_.piece(left, k_kept_bytes);
    if (!rest) return false;
    for (const std::string& part : {*head, *rest}) {
      if (auto version = xgboost_version(part); !version.empty())
        facts_.xgboost_versions.insert(std::move(version));
    }
    return push_other();
  }
  bool sized_bytes(std::size_t width) {
    const auto bytes = input_.number(width);
    return bytes && pass_bytes(*bytes);
  }
  bool sized_text(std::size_t width) {
    const auto bytes = input_.number(width);
    return bytes && push_text(*bytes);
  }
  bool pass_line() { return input_.line(k_most_line).has_value() && push_other(); }

  void add_global(std::string module, std::string name) {
    if (facts_.globals.size() < k_most_globals)
      facts_.globals.emplace(std::move(module), std::move(name));
  }
  bool push_global(const std::string& module, const std::string& name) {
    add_global(module, name);
    return push(Kind::global, module + "\n" + name);
  }
  bool read_global() {
    const auto module = input_.line(k_most_line);
    const auto name = module ? input_.line(k_most_line) : std::nullopt;
    return name && push_global(*module, *name);
  }
  bool stack_global() {
    const auto name = machine_.pop();
    const auto module = name ? machine_.pop() : std::nullopt;
    if (!module) return false;
    if (machine_.at(*module).kind != Kind::text || machine_.at(*name).kind != Kind::text) {
      facts_.has_computed_globals = true;
      return push_other();
    }
    return push_global(machine_.at(*module).text, machine_.at(*name).text);
  }

  bool push_tuple(std::vector<std::uint32_t> items) {
    if (items.size() > PickleMachine::k_most_items) return push_other();
    PickleValue value;
    value.kind = Kind::tuple;
    value.items = std::move(items);
    return machine_.push(machine_.make(std::move(value)));
  }
  bool push_tuple_of(std::size_t count) {
    std::vector<std::uint32_t> items(count);
    for (std::size_t i = count; i-- > 0;) {
      const auto item = machine_.pop();
      if (!item) return false;
      items[i] = *item;
    }
    return push_tuple(std::move(items));
  }
  bool push_object(std::uint32_t callee, std::uint32_t arguments) {
    PickleValue value;
    value.kind = Kind::object;
    value.items = {callee, arguments};
    return machine_.push(machine_.make(std::move(value)));
  }
  // Class or function and its arguments, with `more` operands in between passed over.
  bool call(std::size_t more) {
    if (!drop(more)) return false;
    const auto arguments = machine_.pop();
    const auto callee = arguments ? machine_.pop() : std::nullopt;
    return callee && push_object(*callee, *arguments);
  }

  void set_item(std::uint32_t dict, std::uint32_t key, std::uint32_t value) {
    const PickleValue& name = machine_.at(key);
    if (name.kind != Kind::text) return;
    if (name.text == "_sklearn_version" && machine_.at(value).kind == Kind::text)
      facts_.sklearn_versions.insert(machine_.at(value).text);
    PickleValue& into = machine_.at(dict);
    if (into.kind != Kind::dict || into.items.size() >= PickleMachine::k_most_items) return;
    into.items.push_back(key);
    into.items.push_back(value);
  }
  bool set_items(const std::vector<std::uint32_t>& items) {
    const auto dict = machine_.top();
    if (!dict) return false;
    for (std::size_t i = 0; i + 1 < items.size(); i += 2)
      set_item(*dict, items[i], items[i + 1]);
    return true;
  }

  bool build() {
    const auto state = machine_.pop();
    const auto object = state ? machine_.top() : std::nullopt;
    if (!object) return false;
    const auto array = inline_array(machine_, *object, *state);
    if (!array) return true;
    if (array->is_pickle) {
      if (outer_.size() >= k_most_inner) return false;
      machine_.pop();
      outer_.push_back(machine_.begin_inner());
      return true;
    }
    if (array->is_aligned) {
      const auto padding = input_.byte();
      if (!padding || !input_.skip(*padding)) return false;
    }
    if (array->bytes == UINT64_MAX) {
      trouble_ = "an array in it has a type that is not known";
      return false;
    }
    if (!input_.skip(array->bytes)) {
      trouble_ = "it is cut off";
      return false;
    }
    return true;
  }

  bool integer_line(bool is_long) {
    auto text = input_.line(k_most_line);
    if (!text) return false;
    if (is_long && text->ends_with('L')) text->pop_back();
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), value);
    return error == std::errc() ? push(Kind::number, "", value) : push_other();
  }
  bool small_number(std::size_t width) {
    const auto value = input_.number(width);
    if (!value) return false;
    // Four bytes are signed.
    const auto number = width == 4 ? static_cast<std::int64_t>(static_cast<std::int32_t>(*value))
                                   : static_cast<std::int64_t>(*value);
    return push(Kind::number, "", number);
  }
  bool long_number(std::size_t width) {
    const auto bytes = input_.number(width);
    if (!bytes) return false;
    if (*bytes > sizeof(std::int64_t)) return input_.skip(*bytes) && push_other();
    const auto value = input_.number(static_cast<std::size_t>(*bytes));
    return value && push(Kind::number, "", static_cast<std::int64_t>(*value));
  }
  bool quoted_line() {
    auto text = input_.line(k_most_line);
    if (!text) return false;
    if (text->size() >= 2 && (text->front() == '\'' || text->front() == '"'))
      *text = text->substr(1, text->size() - 2);
    return push(Kind::text, text->size() > k_most_text ? "" : std::move(*text));
  }

  bool put(std::optional<std::uint64_t> key) {
    const auto value = machine_.top();
    if (!key || !value) return false;
    machine_.put(*key, *value);
    return true;
  }
  bool get(std::optional<std::uint64_t> key) { return key && machine_.push(machine_.get(*key)); }
  std::optional<std::uint64_t> line_key() {
    const auto text = input_.line(k_most_line);
    std::uint64_t key = 0;
    if (!text) return std::nullopt;
    const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), key);
    return error == std::errc() ? std::optional(key) : std::nullopt;
  }

  bool of_mark(std::uint8_t operation) {
    auto items = machine_.pop_to_mark();
    if (!items) return false;
    switch (operation) {
      case 't':
        return push_tuple(std::move(*items));
      case 'u':
        return set_items(*items);
      case 'd': {
        if (!push(Kind::dict)) return false;
        return set_items(*items);
      }
      case 'e':   // APPENDS
      case 0x90:  // ADDITEMS
        return machine_.top().has_value();
      case '1':  // POP_MARK
        return true;
      case 'o': {
        if (items->empty()) return false;
        const std::uint32_t callee = items->front();
        return push_object(callee, PickleMachine::k_other);
      }
      case 'i': {
        const auto module = input_.line(k_most_line);
        const auto name = module ? input_.line(k_most_line) : std::nullopt;
        if (!name) return false;
        add_global(*module, *name);
        return push_other();
      }
      default:  // LIST, FROZENSET
        return push_other();
    }
  }

  bool step(std::uint8_t operation);

  PickleInput& input_;
  PickleFacts& facts_;
  PickleMachine machine_;
  std::vector<PickleMachine::Saved> outer_;
  std::string trouble_;
};

}  // namespace coldframe::inspect
