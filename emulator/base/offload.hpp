// The place for what is slow: one worker thread, results come back on the I/O thread.
//
//   offload.run([scopes] { return kill_scopes(scopes, 2s); }, [this](int left) { … });
//
// The worker starts with the first job. Destruction waits for all that were given to it. A
// completion is dropped if the loop has stopped. Jobs must not touch anything that the I/O thread
// uses.
#pragma once

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>
#include <memory>
#include <optional>
#include <utility>

namespace coldframe {

class Offload {
 public:
  explicit Offload(boost::asio::io_context& io) : io_(io) {}
  ~Offload() {
    if (pool_) pool_->join();
  }

  // Nobody is told when it is done, and the loop does not stay for it.
  template <typename Work>
  void run(Work work) {
    if (!pool_) pool_.emplace(1);
    boost::asio::post(*pool_, std::move(work));
  }

  template <typename Work, typename Done>
  void run(Work work, Done done) {
    if (!pool_) pool_.emplace(1);
    auto guard = boost::asio::make_work_guard(io_);
    boost::asio::post(*pool_, [&io = io_, guard = std::move(guard), work = std::move(work),
                               done = std::move(done)]() mutable {
      auto result = work();
      boost::asio::post(io, [done = std::move(done), result = std::move(result)]() mutable {
        done(std::move(result));
      });
    });
  }

 private:
  boost::asio::io_context& io_;
  std::optional<boost::asio::thread_pool> pool_;
};

}  // namespace coldframe
