#include "emulator/inspect/pickle_reading.hpp"

namespace coldframe::inspect {

// Source: pickletools of CPython 3.13.
bool PickleReading::step(std::uint8_t operation) {
  switch (operation) {
    case 0x80:  // PROTO
      return input_.skip(1);
    case 0x95:  // FRAME
      return input_.skip(8);
    case '(':
      return machine_.push(PickleMachine::k_mark);
    case '0':
      return drop(1);
    case '2': {
      const auto top = machine_.top();
      return top && machine_.push(*top);
    }
    case 'N':
    case ']':
    case 0x8f:  // EMPTY_SET
    case 0x88:  // NEWTRUE
    case 0x89:  // NEWFALSE
    case 0x97:  // NEXT_BUFFER
      return push_other();
    case '}':
      return push(Kind::dict);
    case ')':
      return push_tuple({});
    case 0x85:
    case 0x86:
    case 0x87:
      return push_tuple_of(operation - 0x84U);
    case 't':
    case 'u':
    case 'd':
    case 'e':
    case '1':
    case 'o':
    case 'i':
    case 'l':
    case 0x90:
    case 0x91:
      return of_mark(operation);
    case 'F':
    case 'P':
      return pass_line();
    case 'I':
    case 'L':
      return integer_line(operation == 'L');
    case 'J':
      return small_number(4);
    case 'K':
      return small_number(1);
    case 'M':
      return small_number(2);
    case 'G':
      return input_.skip(8) && push_other();
    case 0x8a:
      return long_number(1);
    case 0x8b:
      return long_number(4);
    case 'S':
      return quoted_line();
    case 'V': {
      auto text = input_.line(std::size_t{1} << 20);
      if (!text) return false;
      return push(Kind::text, text->size() > k_most_text ? "" : std::move(*text));
    }
    case 'U':
    case 0x8c:
      return sized_text(1);
    case 'T':
    case 'X':
      return sized_text(4);
    case 0x8d:
      return sized_text(8);
    case 'C':
      return sized_bytes(1);
    case 'B':
      return sized_bytes(4);
    case 0x8e:
    case 0x96:
      return sized_bytes(8);
    case 'c':
      return read_global();
    case 0x93:
      return stack_global();
    case 'R':
    case 0x81:  // NEWOBJ
      return call(0);
    case 0x92:  // NEWOBJ_EX
      return call(1);
    case 'Q':  // BINPERSID
      return drop(1) && push_other();
    case 'a':
      return drop(1) && machine_.top().has_value();
    case 's': {
      const auto value = machine_.pop();
      const auto key = value ? machine_.pop() : std::nullopt;
      return key && set_items({*key, *value});
    }
    case 'b':
      return build();
    case 'p':
      return put(line_key());
    case 'q':
      return put(input_.number(1));
    case 'r':
      return put(input_.number(4));
    case 0x94:
      return put(machine_.memo_size());
    case 'g':
      return get(line_key());
    case 'h':
      return get(input_.number(1));
    case 'j':
      return get(input_.number(4));
    case 0x82:
    case 0x83:
    case 0x84:  // EXT1, EXT2, EXT4: of copyreg's registry
      facts_.has_computed_globals = true;
      return input_.skip(operation == 0x84 ? 4 : operation - 0x81U) && push_other();
    case 0x98:  // READONLY_BUFFER
      return machine_.top().has_value();
    default:
      return false;
  }
}

PickleFacts read_pickle(PickleInput& input) {
  PickleFacts facts;
  PickleReading(input, facts).run();
  return facts;
}

bool looks_like_pickle(std::string_view beginning, bool by_name) {
  if (beginning.size() < 2) return false;
  const auto first = static_cast<unsigned char>(beginning[0]);
  const auto second = static_cast<unsigned char>(beginning[1]);
  if (first == 0x80) return second >= 2 && second <= 5;
  constexpr std::string_view k_operations = "(c]})lidI";
  return by_name && k_operations.find(beginning[0]) != k_operations.npos;
}

}  // namespace coldframe::inspect
