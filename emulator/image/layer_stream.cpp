#include "emulator/image/layer_stream.hpp"

#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <thread>

#include "emulator/image/decompress.hpp"
#include "emulator/image/image_limits.hpp"

namespace coldframe {
namespace {

constexpr std::size_t k_block_bytes = 1 << 20;
constexpr std::size_t k_most_waiting = 8;  // blocks, of each of the two who take them

// Hashes what passes.
class HashedSource final : public ByteSource {
 public:
  explicit HashedSource(std::unique_ptr<ByteSource> source, Sha256& hash)
      : source_(std::move(source)), hash_(hash) {}
  Result<std::size_t> read(std::span<char> room) override {
    auto got = source_->read(room);
    if (got) hash_.update(room.first(*got));
    return got;
  }

 private:
  std::unique_ptr<ByteSource> source_;
  Sha256& hash_;
};

// From one thread to one other. An empty block is the last.
class Queue {
 public:
  // False: nobody takes any more.
  bool put(LayerStream::Block block) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return closed_ || blocks_.size() < k_most_waiting; });
    if (closed_) return false;
    blocks_.push_back(std::move(block));
    changed_.notify_all();
    return true;
  }
  // nullptr: closed.
  LayerStream::Block take() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return closed_ || !blocks_.empty(); });
    if (blocks_.empty()) return nullptr;
    auto block = std::move(blocks_.front());
    blocks_.pop_front();
    changed_.notify_all();
    return block;
  }
  void close() {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    changed_.notify_all();
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<LayerStream::Block> blocks_;
  bool closed_ = false;
};

}  // namespace

struct LayerStream::Work {
  Queue to_caller;
  Queue to_hash;
  Sha256 blob_hash;
  Sha256 plain_hash;
  std::optional<Error> error;  // of the decoding; set before its last block
  bool ended = false;          // the caller has had the last block
  std::thread decoder;
  std::thread hasher;

  // Fills blocks until the end, or until something is wrong.
  std::optional<Error> decode(std::unique_ptr<ByteSource> blob, const std::string& name) {
    auto plain = decompressed(std::make_unique<HashedSource>(std::move(blob), blob_hash), name);
    if (!plain) return plain.error();
    for (std::int64_t total = 0;;) {
      auto block = std::make_shared<std::vector<char>>(k_block_bytes);
      auto got = read_fully(**plain, *block);
      if (!got) return got.error();
      total += static_cast<std::int64_t>(*got);
      if (total > image_limits::k_most_archive_bytes) {
        return usage_error("'" + name + "' is larger than " +
                           std::to_string(image_limits::k_most_archive_bytes >> 30) +
                           " GB: no image that Lambda takes is");
      }
      if (*got == 0) return std::nullopt;
      block->resize(*got);
      if (!to_caller.put(block) || !to_hash.put(block)) return std::nullopt;
    }
  }

  void stop() {
    to_caller.close();
    to_hash.close();
    if (decoder.joinable()) decoder.join();
    if (hasher.joinable()) hasher.join();
  }
};

LayerStream::LayerStream(std::unique_ptr<ByteSource> blob, std::string name)
    : work_(std::make_unique<Work>()) {
  work_->hasher = std::thread([work = work_.get()] {
    while (const auto block = work->to_hash.take()) {
      if (block->empty()) return;
      work->plain_hash.update(*block);
    }
  });
  work_->decoder =
      std::thread([work = work_.get(), source = std::move(blob), name = std::move(name)]() mutable {
        work->error = work->decode(std::move(source), name);
        const auto last = std::make_shared<const std::vector<char>>();
        work->to_hash.put(last);
        work->to_caller.put(last);
      });
}

LayerStream::~LayerStream() { work_->stop(); }

Result<LayerStream::Block> LayerStream::next() {
  if (work_->ended) return Block();
  auto block = work_->to_caller.take();
  if (block && !block->empty()) return block;
  work_->ended = true;
  if (work_->error) return *work_->error;
  return Block();
}

Result<LayerDigests> LayerStream::finish() {
  for (;;) {
    auto block = next();
    if (!block) return block.error();
    if (!*block) break;
  }
  work_->decoder.join();
  work_->hasher.join();
  if (work_->error) return *work_->error;
  return LayerDigests{work_->blob_hash.finish(), work_->plain_hash.finish()};
}

}  // namespace coldframe
