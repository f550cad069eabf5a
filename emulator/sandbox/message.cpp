#include "emulator/sandbox/message.hpp"

#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace coldframe {
namespace {

constexpr std::size_t k_most_descriptors = 64;
constexpr std::size_t k_most_inline = 32 * 1024;
constexpr char k_inline = 'i';
constexpr char k_in_file = 'f';  // the bytes are in the first descriptor

bool write_all(int fd, const std::string& bytes) {
  std::size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t wrote = ::write(fd, bytes.data() + done, bytes.size() - done);
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote < 0) return false;
    done += static_cast<std::size_t>(wrote);
  }
  return true;
}

std::string read_whole(int fd) {
  struct stat info {};
  std::string bytes;
  if (::fstat(fd, &info) != 0) return bytes;
  bytes.resize(static_cast<std::size_t>(info.st_size));
  std::size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t got =
        ::pread(fd, bytes.data() + done, bytes.size() - done, static_cast<off_t>(done));
    if (got <= 0) break;
    done += static_cast<std::size_t>(got);
  }
  bytes.resize(done);
  return bytes;
}

bool send_bytes(int socket, const std::string& bytes, const std::vector<int>& descriptors) {
  iovec data{const_cast<char*>(bytes.data()), bytes.size()};
  msghdr header{};
  header.msg_iov = &data;
  header.msg_iovlen = 1;
  alignas(cmsghdr) std::array<char, CMSG_SPACE(k_most_descriptors * sizeof(int))> room{};
  if (!descriptors.empty()) {
    const std::size_t size = descriptors.size() * sizeof(int);
    header.msg_control = room.data();
    header.msg_controllen = CMSG_SPACE(size);
    cmsghdr* part = CMSG_FIRSTHDR(&header);
    part->cmsg_level = SOL_SOCKET;
    part->cmsg_type = SCM_RIGHTS;
    part->cmsg_len = CMSG_LEN(size);
    std::memcpy(CMSG_DATA(part), descriptors.data(), size);
  }
  ssize_t sent = 0;
  do {
    sent = ::sendmsg(socket, &header, MSG_NOSIGNAL);
  } while (sent < 0 && errno == EINTR);
  return sent >= 0;
}

}  // namespace

void MessageWriter::number(std::int64_t value) {
  bytes_.append(reinterpret_cast<const char*>(&value), sizeof value);
}

void MessageWriter::text(const std::string& value) {
  number(static_cast<std::int64_t>(value.size()));
  bytes_ += value;
}

void MessageWriter::texts(const std::vector<std::string>& values) {
  number(static_cast<std::int64_t>(values.size()));
  for (const auto& value : values)
    text(value);
}

void MessageWriter::numbers(const std::vector<int>& values) {
  number(static_cast<std::int64_t>(values.size()));
  for (const int value : values)
    number(value);
}

std::int64_t MessageReader::number() {
  std::int64_t value = 0;
  if (bytes_.size() - at_ < sizeof value) {
    ok_ = false;
    at_ = bytes_.size();
    return 0;
  }
  std::memcpy(&value, bytes_.data() + at_, sizeof value);
  at_ += sizeof value;
  return value;
}

std::string MessageReader::text() {
  const auto size = static_cast<std::size_t>(number());
  if (!ok_ || bytes_.size() - at_ < size) {
    ok_ = false;
    return "";
  }
  at_ += size;
  return bytes_.substr(at_ - size, size);
}

std::vector<std::string> MessageReader::texts() {
  std::vector<std::string> values;
  for (auto left = number(); ok_ && left > 0; --left)
    values.push_back(text());
  return values;
}

std::vector<int> MessageReader::numbers() {
  std::vector<int> values;
  for (auto left = number(); ok_ && left > 0; --left)
    values.push_back(static_cast<int>(number()));
  return values;
}

bool send_message(int socket, const MessageWriter& message, const std::vector<int>& descriptors) {
  if (descriptors.size() >= k_most_descriptors) {
    errno = EINVAL;
    return false;
  }
  if (message.bytes().size() <= k_most_inline) {
    return send_bytes(socket, k_inline + message.bytes(), descriptors);
  }
  UniqueFd file(::memfd_create("coldframe-message", MFD_CLOEXEC));
  if (!file || !write_all(file.get(), message.bytes())) return false;
  std::vector<int> all{file.get()};
  all.insert(all.end(), descriptors.begin(), descriptors.end());
  return send_bytes(socket, std::string(1, k_in_file), all);
}

std::optional<Message> receive_message(int socket) {
  std::string buffer(k_most_inline + 1, '\0');
  iovec data{buffer.data(), buffer.size()};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(k_most_descriptors * sizeof(int))> room{};
  msghdr header{};
  header.msg_iov = &data;
  header.msg_iovlen = 1;
  header.msg_control = room.data();
  header.msg_controllen = room.size();
  ssize_t got = 0;
  do {
    got = ::recvmsg(socket, &header, MSG_CMSG_CLOEXEC);
  } while (got < 0 && errno == EINTR);
  if (got < 0) return std::nullopt;
  if (got == 0) {
    errno = 0;
    return std::nullopt;
  }
  Message message;
  message.truncated = (header.msg_flags & MSG_CTRUNC) != 0;
  for (cmsghdr* part = CMSG_FIRSTHDR(&header); part != nullptr; part = CMSG_NXTHDR(&header, part)) {
    if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS) continue;
    const std::size_t count = (part->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    std::vector<int> numbers(count);
    std::memcpy(numbers.data(), CMSG_DATA(part), count * sizeof(int));
    for (const int fd : numbers)
      message.descriptors.emplace_back(fd);
  }
  buffer.resize(static_cast<std::size_t>(got));
  if (buffer.front() == k_in_file && !message.descriptors.empty()) {
    message.bytes = read_whole(message.descriptors.front().get());
    message.descriptors.erase(message.descriptors.begin());
  } else {
    message.bytes = buffer.substr(1);
  }
  return message;
}

std::optional<std::pair<UniqueFd, UniqueFd>> message_pair() {
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) return std::nullopt;
  return std::pair(UniqueFd(ends[0]), UniqueFd(ends[1]));
}

}  // namespace coldframe
