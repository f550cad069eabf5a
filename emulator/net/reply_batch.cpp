#include "emulator/net/reply_batch.hpp"

#include <boost/asio/post.hpp>
#include <utility>

#include "emulator/net/connection.hpp"

namespace coldframe::http {

boost::asio::execution_context::id ReplyBatch::id;

ReplyBatch& ReplyBatch::of(boost::asio::io_context& io) {
  return boost::asio::use_service<ReplyBatch>(io);
}

ReplyBatch::ReplyBatch(boost::asio::execution_context& context)
    : service(context), io_(static_cast<boost::asio::io_context&>(context)) {}

void ReplyBatch::shutdown() noexcept { waiting_.clear(); }

void ReplyBatch::add(std::shared_ptr<Connection> connection) {
  waiting_.push_back(std::move(connection));
  if (waiting_.size() == 1) boost::asio::post(io_, [this] { end_turn(); });
}

void ReplyBatch::end_turn() {
  gathering_ = waiting_.size() > k_one_caller;
  alone_ = 0;
  flush();
}

void ReplyBatch::flush() {
  // What is done after a reply may make others ready: they wait for the next turn.
  auto sending = std::exchange(waiting_, std::exchange(spare_, {}));
  items_.clear();
  std::erase_if(sending, [&](const auto& connection) {
    SendItem item;
    const bool due = connection->leave_batch(item);
    if (due) items_.push_back(item);
    return !due;
  });
  if (items_.size() > 1) {
    sender_.send(items_);
    for (std::size_t i = 0; i < items_.size(); ++i)
      sending[i]->note_sent(items_[i].result);
  }
  for (auto& connection : sending)
    connection->flush();
  sending.clear();
  spare_ = std::move(sending);
}

}  // namespace coldframe::http
