// Messages between us, the sandbox server and the init of a sandbox: fields in order, and
// descriptors beside them, over a SOCK_SEQPACKET pair.
//
//   MessageWriter out; out.number(7); out.text("x"); out.texts(argv);
//   send_message(socket, out, {fd});                   // false: errno says why
//   auto message = receive_message(socket);             // its descriptors are ours now
//   message->reader().number();                        // 0 and "" beyond the end; ok() tells
//
// Both ends are this program, so there is no version. A message that would not fit into a socket's
// buffer goes through a memory file, which the reader opens by itself. Any thread; system calls and
// the heap.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "emulator/base/unique_fd.hpp"

namespace coldframe {

class MessageWriter {
 public:
  void number(std::int64_t value);
  void text(const std::string& value);
  void texts(const std::vector<std::string>& values);
  void numbers(const std::vector<int>& values);
  const std::string& bytes() const { return bytes_; }

 private:
  std::string bytes_;
};

class MessageReader {
 public:
  explicit MessageReader(const std::string& bytes) : bytes_(bytes) {}
  explicit MessageReader(std::string&&) = delete;  // it outlives this object
  std::int64_t number();
  std::string text();
  std::vector<std::string> texts();
  std::vector<int> numbers();
  bool ok() const { return ok_; }

 private:
  const std::string& bytes_;
  std::size_t at_ = 0;
  bool ok_ = true;
};

struct Message {
  std::string bytes;
  std::vector<UniqueFd> descriptors;
  bool truncated = false;  // this process had no room for all of its descriptors
  MessageReader reader() const { return MessageReader(bytes); }
};

// At most 64 descriptors. False: errno.
bool send_message(int socket, const MessageWriter& message,
                  const std::vector<int>& descriptors = {});
// Nothing: the peer is gone (errno 0), there is nothing on a non-blocking socket (EAGAIN), or an
// error.
std::optional<Message> receive_message(int socket);

// Both ends close-on-exec.
std::optional<std::pair<UniqueFd, UniqueFd>> message_pair();

}  // namespace coldframe
