#pragma once
// Names of keys, made by some threads and taken by another, a batch at a time.
#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace redkeep::recovery {

/// Names that lie one after the other.
class NameBatch {
 public:
  void add(std::string_view key) {
    text_ += key;
    ends_.push_back(text_.size());
  }
  std::size_t size() const { return ends_.size(); }
  std::string_view at(std::size_t place) const {
    const std::size_t begin = place == 0 ? 0 : ends_[place - 1];
    return std::string_view(text_).substr(begin, ends_[place] - begin);
  }

 private:
  std::string text_;
  std::vector<std::size_t> ends_;
};

class NameQueue {
 public:
  /// Waits while `most_waiting` wait to be taken.
  explicit NameQueue(std::size_t most_waiting) : most_waiting_(most_waiting) {}

  /// After abandon() it is dropped.
  void push(NameBatch names) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return waiting_.size() < most_waiting_ || is_abandoned_; });
    if (is_abandoned_) return;
    waiting_.push_back(std::move(names));
    changed_.notify_all();
  }

  /// Waits for the next one. None: that was the last one.
  std::optional<NameBatch> pop() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return !waiting_.empty() || is_finished_ || is_abandoned_; });
    if (waiting_.empty() || is_abandoned_) return std::nullopt;
    NameBatch names = std::move(waiting_.front());
    waiting_.pop_front();
    changed_.notify_all();
    return names;
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
  std::deque<NameBatch> waiting_;
  bool is_finished_ = false;
  bool is_abandoned_ = false;
};

}  // namespace redkeep::recovery
