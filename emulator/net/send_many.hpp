// Sends on many sockets in one system call:
//
//   SendMany sender;
//   sender.send(items);          // each item: a non-blocking socket and what to send
//   items[0].result              // bytes the socket took, or -errno
//
// What it is for: on a busy CPU, each send wakes a process, which then runs at once in place of
// the sender. With Linux's native AIO (io_submit(2): a socket's write is done within the call) all
// are woken first, and the sender is interrupted once, not once an item. Where AIO turns out not to
// be allowed, or its contexts to be used up (fs.aio-max-nr), items are sent one by one from then
// on.
//
// Owns an AIO context from the first use on. SIGPIPE must be ignored. One thread at a time.
#pragma once

#include <linux/aio_abi.h>
#include <sys/types.h>
#include <sys/uio.h>

#include <array>
#include <cstddef>
#include <span>

namespace coldframe::http {

struct SendItem {
  int fd = -1;
  std::array<iovec, 2> parts{};  // those of size 0 at the end are left out
  ssize_t result = 0;
};

// Once, without waiting: bytes sent, or -errno.
ssize_t send_once(const SendItem& item);

class SendMany {
 public:
  // `batching` false: one by one, as where AIO is not allowed.
  explicit SendMany(bool batching = true) : allowed_(batching) {}
  ~SendMany();
  SendMany(const SendMany&) = delete;
  SendMany& operator=(const SendMany&) = delete;

  // Fills each item's result. No item may be named twice.
  void send(std::span<SendItem> items);
  // Whether the last send() used AIO.
  bool batched() const { return batched_; }

 private:
  static constexpr std::size_t k_most = 128;  // items of one system call

  bool open();
  void close();
  std::size_t submit(std::span<SendItem> items);  // how many of the first ones were

  bool allowed_;
  bool batched_ = false;
  aio_context_t context_ = 0;
};

}  // namespace coldframe::http
