#pragma once
// What some threads make and another one takes, at most so many at once.
#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <utility>

namespace redkeep::recovery {

template <class Item>
class HandoverQueue {
 public:
  /// push() waits while `most_waiting` wait to be taken.
  explicit HandoverQueue(std::size_t most_waiting) : most_waiting_(most_waiting) {}

  /// After abandon() it is dropped.
  void push(Item item) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return waiting_.size() < most_waiting_ || is_abandoned_; });
    if (is_abandoned_) return;
    waiting_.push_back(std::move(item));
    changed_.notify_all();
  }

  /// Waits for the next one. None: that was the last one.
  std::optional<Item> pop() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return !waiting_.empty() || is_finished_ || is_abandoned_; });
    if (waiting_.empty() || is_abandoned_) return std::nullopt;
    Item item = std::move(waiting_.front());
    waiting_.pop_front();
    changed_.notify_all();
    return item;
  }

  /// No more will be pushed.
  void finish() { set(is_finished_); }
  /// No more will be taken.
  void abandon() { set(is_abandoned_); }

 private:
  void set(bool& what) {
    const std::lock_guard lock(mutex_);
    what = true;
    changed_.notify_all();
  }

  std::size_t most_waiting_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Item> waiting_;
  bool is_finished_ = false;
  bool is_abandoned_ = false;
};

}  // namespace redkeep::recovery
