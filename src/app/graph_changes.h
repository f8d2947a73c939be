#pragma once
// Many stores or removals through the library: several at once, so that they share a sync of the
// journal, and never two of the same record.
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "redkeep/result.h"
#include "redkeep/store_outcome.h"

namespace redkeep::app {

/// What became of them.
struct ChangeTally {
  /// A change that its record is to blame for: others are carried out all the same.
  struct Failure {
    std::string name;
    Error reason;
  };
  static constexpr std::size_t kMostFailuresKept = 1000;

  std::int64_t applied = 0;
  std::int64_t journaled = 0;
  std::int64_t failed = 0;
  std::vector<Failure> first_failures;
  std::int64_t unanswered = 0;      ///< Given up by what ended the run: they may be done or not.
  std::optional<Error> stopped_by;  ///< After it nothing more was begun.

  void note_failure(std::string name, Error reason);
};

class GraphChanges {
 public:
  /// May be called twice.
  using Change = std::function<boost::asio::awaitable<Result<StoreOutcome>>()>;
  /// Whether Refused is about the record (an entity that has children) or ends the run.
  enum class Refusals { OfRecords, EndIt };

  GraphChanges(boost::asio::any_io_executor executor, Refusals refusals);

  /// Begins it in its turn: waits while 64 are under way, or one of the same name. False, and not
  /// begun, once something ended the run.
  boost::asio::awaitable<bool> begin(std::string name, Change change);
  /// Waits for what is under way. To be called before this object ends.
  boost::asio::awaitable<void> finish();

  ChangeTally& tally() { return tally_; }

 private:
  boost::asio::awaitable<void> carry_out(std::int64_t number, std::string name, Change change);
  boost::asio::awaitable<void> wait_for_one();
  void take(const std::string& name, const Result<StoreOutcome>& outcome);
  bool is_of_record(const Error& error) const;
  bool has_earlier(std::int64_t number) const { return numbers_.begin()->first < number; }

  boost::asio::any_io_executor executor_;
  Refusals refusals_;
  std::int64_t last_number_ = 0;
  std::map<std::int64_t, std::string> numbers_;  // of those under way
  std::set<std::string, std::less<>> names_;     // of the same
  boost::asio::steady_timer one_ended_;          // cancelled when one is done
  ChangeTally tally_;
};

}  // namespace redkeep::app
