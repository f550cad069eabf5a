#include "emulator/net/send_many.hpp"

#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>

namespace coldframe::http {
namespace {

std::uint64_t address_of(const void* object) { return reinterpret_cast<std::uint64_t>(object); }

}  // namespace

ssize_t send_once(const SendItem& item) {
  msghdr message{};
  message.msg_iov = const_cast<iovec*>(item.parts.data());
  message.msg_iovlen = item.parts[1].iov_len > 0 ? 2 : 1;
  const ssize_t sent = ::sendmsg(item.fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
  return sent >= 0 ? sent : -errno;
}

SendMany::~SendMany() { close(); }

void SendMany::close() {
  if (context_ != 0) ::syscall(SYS_io_destroy, context_);
  context_ = 0;
}

bool SendMany::open() {
  if (context_ != 0) return true;
  if (allowed_ && ::syscall(SYS_io_setup, k_most, &context_) != 0) allowed_ = false;
  return context_ != 0;
}

std::size_t SendMany::submit(std::span<SendItem> items) {
  std::array<iocb, k_most> blocks;
  std::array<iocb*, k_most> list;
  for (std::size_t i = 0; i < items.size(); ++i) {
    auto& block = blocks[i] = {};
    block.aio_data = i;
    block.aio_fildes = static_cast<std::uint32_t>(items[i].fd);
    const auto& parts = items[i].parts;
    const bool one = parts[1].iov_len == 0;
    block.aio_lio_opcode = one ? IOCB_CMD_PWRITE : IOCB_CMD_PWRITEV;
    block.aio_buf = address_of(one ? parts[0].iov_base : parts.data());
    block.aio_nbytes = one ? parts[0].iov_len : parts.size();
    list[i] = &block;
  }
  const long taken = ::syscall(SYS_io_submit, context_, items.size(), list.data());
  if (taken < 0 && (errno == EPERM || errno == ENOSYS)) {
    close();
    allowed_ = false;
  }
  if (taken <= 0) return 0;
  const auto count = static_cast<std::size_t>(taken);
  // A write that nobody can tell the end of must not be repeated.
  for (auto& item : items.first(count))
    item.result = -EIO;
  std::array<io_event, k_most> events;
  for (std::size_t left = count; left > 0;) {
    const long got = ::syscall(SYS_io_getevents, context_, left, left, events.data(), nullptr);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) {
      close();
      allowed_ = false;
      break;
    }
    for (std::size_t i = 0; i < static_cast<std::size_t>(got); ++i) {
      if (events[i].data < count)
        items[events[i].data].result = static_cast<ssize_t>(events[i].res);
    }
    left -= std::min(left, static_cast<std::size_t>(got));
  }
  return count;
}

void SendMany::send(std::span<SendItem> items) {
  batched_ = items.size() > 1 && open();
  while (!items.empty()) {
    // A socket that the kernel refuses ends its round; that one, and all without AIO, alone.
    std::size_t done = 0;
    if (batched_ && context_ != 0) done = submit(items.first(std::min(items.size(), k_most)));
    if (done == 0) {
      items[0].result = send_once(items[0]);
      done = 1;
    }
    items = items.subspan(done);
  }
}

}  // namespace coldframe::http
