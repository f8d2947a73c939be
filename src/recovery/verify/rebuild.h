#pragma once
// Makes a server's graph what a content directory says, where most of it is lost. In place: what is
// right stays and is seen by readers all the time, there is no second copy, and a run that was cut
// is gone on with by the next one.
#include <chrono>
#include <stop_token>
#include <string>

#include "recovery/verify/expected_content.h"
#include "recovery/verify/mend.h"
#include "redkeep/options.h"

namespace redkeep::recovery {

struct RebuildOptions {
  std::string directory;
  /// In place of the directory's files (it is named still): which content a server at some position
  /// has to hold. Nobody may change the content by the journal meanwhile.
  ContentAt content_at;
  bool despite_journal = false;  ///< See RepairOptions.
  /// Removes every key of the graph's classes under our prefix first: what the content cannot give
  /// back is lost. Caches, queues, the guard's keys and whatever is outside the prefix stay.
  bool from_scratch = false;
  /// Where rows that are overwritten are saved; see MendOptions. With from_scratch nothing is.
  std::string save_to;
  std::int64_t configured_limit_bytes = 0;  ///< Where the server has no maxmemory.
  /// How long it waits for room when the server is out of memory meanwhile.
  std::chrono::milliseconds oom_patience{300'000};
};

enum class RebuildEnd {
  NothingToDo,
  Rebuilt,
  DoesNotFit,  ///< Nothing was changed: needed_bytes is more than room_bytes.
  BadContent,  ///< Nothing was changed: `problems` says what is wrong with the CSV.
};
std::string_view to_string(RebuildEnd end);

struct RebuildOutcome {
  RebuildEnd end = RebuildEnd::NothingToDo;
  std::int64_t entities = 0;      ///< In the content directory.
  std::int64_t associations = 0;  ///< In the content directory.
  std::int64_t keys = 0;          ///< What these stand for.
  std::int64_t cleared_keys = 0;  ///< From scratch: what was there before.
  MendOutcome mended;             ///< Of all rounds.
  bool went_on = false;           ///< An earlier rebuild or load was cut, and is finished now.
  std::int64_t pauses = 0;        ///< The server was out of memory so often.
  std::int64_t needed_bytes = 0;  ///< What is missing takes, estimated.
  std::int64_t room_bytes = 0;    ///< Of a server with a limit.
  ContentProblems problems;
};

/// The marker guard:rebuild is there for as long as it is under way, and stays where it was cut.
/// Fails with OutOfMemory where there was no room for longer than the patience, with Interrupted,
/// or as the connection and the server do; what was written stays.
redis::awaitable<Result<RebuildOutcome>> rebuild(EndpointOptions endpoint, std::string prefix,
                                                 RebuildOptions options, std::stop_token stop,
                                                 ShowProgress progress);

/// What is missing takes about so much, by its share of the keys. Pure.
std::int64_t estimated_missing_bytes(const Survey& survey);

}  // namespace redkeep::recovery
