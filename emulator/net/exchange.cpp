// Exchanges: made, replied to, and used again.
#include "emulator/net/connection.hpp"
#include "emulator/net/connection_shared.hpp"

namespace coldframe::http {
namespace {

constexpr std::size_t k_spare_exchanges = 16;

thread_local bool shared_is_gone = false;

}  // namespace

Shared::~Shared() { shared_is_gone = true; }

Shared& shared() {
  thread_local Shared shared;
  return shared;
}

std::string spare_fields() {
  std::string out = std::move(shared().fields);
  out.clear();
  return out;
}

ExchangePtr Connection::new_exchange() {
  auto& spares = shared().exchanges;
  if (spares.empty()) spares.push_back(std::make_unique<Exchange>());
  ExchangePtr exchange(spares.back().release());
  spares.pop_back();
  exchange->connection_ = weak_from_this();
  return exchange;
}

void Exchange::reply(Response&& response) {
  if (replied_) return;
  replied_ = true;
  if (auto connection = connection_.lock()) connection->send(*this, std::move(response));
}

void Exchange::recycle(Exchange* exchange) noexcept {
  std::unique_ptr<Exchange> owned(exchange);
  if (shared_is_gone || shared().exchanges.size() >= k_spare_exchanges) return;
  exchange->renew();
  shared().exchanges.push_back(std::move(owned));
}

void Exchange::renew() {
  request.clear();
  connection_.reset();
  body_state = BodyState::complete;
  body_limit = 0;
  note.reset();
  replied_ = false;
}

}  // namespace coldframe::http
