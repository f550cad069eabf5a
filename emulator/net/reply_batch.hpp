// The replies that become ready in one turn of a loop, sent together at its end; one for each
// io_context, shared by its servers.
//
// With many callers at once this saves a busy CPU a change of processes an answer (SendMany says
// why): 64 callers of 64 environments get a quarter more answers. A single caller would only wait
// for the end of the turn, so replies are gathered while it pays: now and then a turn is tried, and
// gathering goes on as long as a turn has more replies than one caller can cause. Private to this
// room; I/O thread only.
#pragma once

#include <boost/asio/execution_context.hpp>
#include <boost/asio/io_context.hpp>
#include <memory>
#include <vector>

#include "emulator/net/send_many.hpp"

namespace coldframe::http {

class Connection;

class ReplyBatch final : public boost::asio::execution_context::service {
 public:
  static boost::asio::execution_context::id id;
  static ReplyBatch& of(boost::asio::io_context& io);
  explicit ReplyBatch(boost::asio::execution_context& context);

  // Whether a reply that is ready now should wait for the end of the turn, in add().
  bool gathers() { return at_once_ == 0 && (gathering_ || ++alone_ >= k_try_every); }
  void add(std::shared_ptr<Connection> connection);
  // Sends what is gathered so far, for who cannot wait for the end of the turn.
  void flush();

  // While one lives, replies are sent as they become ready.
  class AtOnce {
   public:
    explicit AtOnce(ReplyBatch& batch) : batch_(batch) {
      batch.flush();
      ++batch.at_once_;
    }
    ~AtOnce() { --batch_.at_once_; }
    AtOnce(const AtOnce&) = delete;
    AtOnce& operator=(const AtOnce&) = delete;

   private:
    ReplyBatch& batch_;
  };

 private:
  static constexpr int k_try_every = 32;  // replies
  static constexpr std::size_t k_one_caller =
      2;  // an answer, and the 202 of the runtime it is from

  void shutdown() noexcept override;
  void end_turn();

  boost::asio::io_context& io_;
  SendMany sender_;
  std::vector<std::shared_ptr<Connection>> waiting_;
  std::vector<std::shared_ptr<Connection>> spare_;  // its memory
  std::vector<SendItem> items_;
  int at_once_ = 0;
  int alone_ = 0;  // replies since a turn was tried
  bool gathering_ = false;
};

}  // namespace coldframe::http
