#include "recovery/load/word_gatherer.h"

#include <utility>

namespace redkeep::recovery {
namespace {
// Some milliseconds of the thread's work, so that handing over costs nothing beside it.
constexpr std::size_t kBatchBytes = std::size_t{256} << 10;
constexpr std::size_t kMostUndoneBytes = std::size_t{16} << 20;
}  // namespace

WordGatherer::WordGatherer(Begins begins)
    : has_begun_(begins == Begins::AtOnce),
      thread_([this](const std::stop_token& stop) { work(stop); }) {}
WordGatherer::~WordGatherer() = default;

void WordGatherer::add(const content::EntityView& entity) {
  next_.rows.push_back({entity.id.size(), entity.semantic_name.size(), entity.data.size()});
  next_.text.append(entity.id).append(entity.semantic_name).append(entity.data);
  if (next_.text.size() >= kBatchBytes) hand_over();
}

bool WordGatherer::is_full() {
  const std::lock_guard lock(mutex_);
  return undone_bytes_ >= kMostUndoneBytes;
}

void WordGatherer::begin() {
  const std::lock_guard lock(mutex_);
  has_begun_ = true;
  changed_.notify_all();
}

void WordGatherer::hand_over() {
  if (is_full()) begin();
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return undone_bytes_ < kMostUndoneBytes; });
  undone_bytes_ += next_.text.size();
  waiting_.push_back(std::exchange(next_, {}));
  changed_.notify_all();
}

void WordGatherer::finish() {
  if (!next_.rows.empty()) hand_over();
  begin();
  const std::lock_guard lock(mutex_);
  sort_is_due_ = !is_sorted_;
  changed_.notify_all();
}

SetCollector WordGatherer::take() {
  finish();
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return undone_bytes_ == 0 && !sort_is_due_; });
  bytes_ = 0;
  is_sorted_ = false;
  return std::exchange(sets_, {});
}

void WordGatherer::work(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  const auto is_due = [this] { return has_begun_ && (!waiting_.empty() || sort_is_due_); };
  while (changed_.wait(lock, stop, is_due)) {
    if (stop.stop_requested()) return;
    if (waiting_.empty()) {
      lock.unlock();
      sets_.sort();
      lock.lock();
      sort_is_due_ = false;
      is_sorted_ = true;
      changed_.notify_all();
      continue;
    }
    const Batch batch = std::move(waiting_.front());
    waiting_.pop_front();
    lock.unlock();
    gather(batch);
    lock.lock();
    undone_bytes_ -= batch.text.size();
    bytes_ = sets_.bytes();
    changed_.notify_all();
  }
}

void WordGatherer::gather(const Batch& batch) {
  std::string_view rest = batch.text;
  const auto cut = [&rest](std::size_t bytes) {
    const auto text = rest.substr(0, bytes);
    rest.remove_prefix(bytes);
    return text;
  };
  for (const Row& row : batch.rows) {
    content::EntityView entity;
    entity.id = cut(row.id_bytes);
    entity.semantic_name = cut(row.name_bytes);
    entity.data = cut(row.data_bytes);
    const auto& words = extractor_.occurrences_of(entity);
    if (words.empty()) continue;
    const auto member = sets_.member(entity.id);
    for (const auto word : words) sets_.add(sets_.key(word), member);
  }
}

}  // namespace redkeep::recovery
