#pragma once
// The words of many entities, cut and gathered by a thread of its own while the entities' other
// pieces are written: cutting takes longer than all the rest of our work, and the server takes a
// word's set only whole, at the end.
#include <atomic>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "content/record_view.h"
#include "content/words.h"
#include "recovery/load/set_collector.h"

namespace redkeep::recovery {

class WordGatherer {
 public:
  enum class Begins { AtOnce, WhenTold };
  explicit WordGatherer(Begins begins = Begins::AtOnce);
  /// What was added and not taken is forgotten.
  ~WordGatherer();
  WordGatherer(const WordGatherer&) = delete;
  WordGatherer& operator=(const WordGatherer&) = delete;

  /// Copies what it needs. Waits while 16 MiB wait for the thread.
  void add(const content::EntityView& entity);
  /// Whether the next one may have to wait.
  bool is_full();

  /// Of a gatherer that begins WhenTold; so does whatever has to wait for it.
  void begin();

  /// Has the thread sort what was added, without waiting for it. Nothing may be added then until
  /// take().
  void finish();

  /// Waits until everything added is done, and gives it, sorted: a set of entity ids for each word
  /// (the word alone, not its key). Gathering may begin anew.
  SetCollector take();

  /// Memory that the gathered sets take.
  std::size_t bytes() const { return bytes_; }

 private:
  struct Row {
    std::size_t id_bytes;
    std::size_t name_bytes;
    std::size_t data_bytes;
  };
  struct Batch {
    std::string text;  // of each row its id, semantic name and data
    std::vector<Row> rows;
  };

  void hand_over();
  void work(const std::stop_token& stop);
  void gather(const Batch& batch);

  Batch next_;
  bool has_begun_;
  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::deque<Batch> waiting_;
  std::size_t undone_bytes_ = 0;  // of the batches that wait and the one in work
  bool sort_is_due_ = false;      // once no batch waits
  bool is_sorted_ = false;
  content::WordExtractor extractor_;
  SetCollector sets_;  // the thread's as long as something is undone or due
  std::atomic<std::size_t> bytes_ = 0;
  std::jthread thread_;  // last: it uses the others
};

}  // namespace redkeep::recovery
